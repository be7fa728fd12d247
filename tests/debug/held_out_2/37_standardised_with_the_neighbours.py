# WANT: standardise every recording by its own mean and spread
# FAMILY: silent
# LINE: -
# CAUSE: waves
# SENTENCE: the mean and the spread of `waves` are taken without an axis, over the whole batch too, so each answer depends on the other rows: axis=1, keepdims=True.
# FIX: LINE 13: centred = (waves - ops.mean(waves, axis=1, keepdims=True)) / (ops.std(waves, axis=1, keepdims=True) + 1e-6)
# ruff: noqa: E501
import numpy as np
from keras import Input, Model, ops
from keras import layers as L

waves = Input((50, 1), name="waves")
centred = (waves - ops.mean(waves)) / (ops.std(waves) + 1e-6)
t = L.Conv1D(8, 5, activation="relu", name="ripples")(centred)
t = L.GlobalMaxPooling1D(name="strongest")(t)
quake = L.Dense(1, activation="sigmoid", name="quake")(t)
model = Model(waves, quake)
model.compile(optimizer="adam", loss="binary_crossentropy")
rng = np.random.default_rng(37)
x = rng.normal(size=(24, 50, 1)).astype("float32")
y = rng.integers(0, 2, (24, 1))
