# WANT: train a network with batch normalisation from scratch
# FAMILY: silent
# LINE: -
# CAUSE: even_out
# SENTENCE: `even_out` is called with training=False, so it never measures the data and leaves mean 0 and variance 1: drop the argument.
# FIX: LINE 14: t = L.BatchNormalization(name="even_out")(t)
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras import layers as L

sensor = Input((14,), name="sensor")
t = L.Dense(24, use_bias=False, name="gather")(sensor)
t = L.BatchNormalization(name="even_out")(t, training=False)
t = L.Activation("relu")(t)
broken = L.Dense(1, activation="sigmoid", name="broken")(t)
model = Model(sensor, broken)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
rng = np.random.default_rng(34)
x = rng.normal(3.0, 2.0, (64, 14)).astype("float32")
y = (x.sum(axis=1, keepdims=True) > 42).astype("float32")
