# WANT: a residual block for heart beats
# FAMILY: merge
# LINE: 15
# CAUSE: second_filter
# SENTENCE: `first_filter` keeps the length but `second_filter` has no padding and cuts 60 steps to 56, so the shortcut no longer fits: padding='same'.
# FIX: LINE 14: x = L.Conv1D(8, 5, name="second_filter", padding="same")(x)
# ruff: noqa: E501
from keras import Input, Model
from keras import layers as L

beats = Input((60, 1), name="beats")
start = L.Conv1D(8, 1, name="widen")(beats)
x = L.Conv1D(8, 5, padding="same", activation="relu", name="first_filter")(start)
x = L.Conv1D(8, 5, name="second_filter")(x)
x = L.Add(name="shortcut")([start, x])
x = L.Activation("relu")(x)
x = L.GlobalAveragePooling1D()(x)
model = Model(beats, L.Dense(4, activation="softmax", name="rhythm")(x))
