# WANT: a residual network over time with growing width
# FAMILY: merge
# LINE: 16
# CAUSE: shortcut
# SENTENCE: the block returns twice the channels but `shortcut` keeps the old number: send it through a Conv1D with kernel 1 first.
# FIX: LINE 13:     shortcut = layers.Conv1D(filters, 1)(x)
# ruff: noqa: E501
import keras
from keras import layers


def stage(x, filters):
    shortcut = x
    x = layers.SeparableConv1D(filters, 5, padding="same", activation="relu")(x)
    x = layers.SeparableConv1D(filters, 5, padding="same")(x)
    return layers.ReLU()(x + shortcut)


ecg = keras.Input((40, 8), name="ecg")
x = ecg
for filters in (8, 16, 32):
    x = stage(x, filters)
beat = layers.Dense(4, activation="softmax", name="beat")(layers.GlobalAveragePooling1D()(x))
model = keras.Model(ecg, beat)
