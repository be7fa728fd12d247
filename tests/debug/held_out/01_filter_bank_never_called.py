# WANT: three convolutions of different width over one signal, joined
# FAMILY: values
# LINE: 13
# CAUSE: branches
# SENTENCE: `branches` holds three Conv1D layers, not their results: each must be called on `signal` before Concatenate can join them.
# FIX: LINE 12: branches = [L.Conv1D(8, width, padding="same", activation="relu")(signal) for width in (3, 5, 9)]
# ruff: noqa: E501
from keras import Input, Model
from keras import layers as L

signal = Input((64, 2), name="signal")
branches = [L.Conv1D(8, width, padding="same", activation="relu") for width in (3, 5, 9)]
merged = L.Concatenate(name="merged")(branches)
score = L.Dense(1, name="score")(L.GlobalMaxPooling1D()(merged))
model = Model(signal, score)
model.compile("adam", "mse")
