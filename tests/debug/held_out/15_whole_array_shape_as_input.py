# WANT: an input that fits the training array
# FAMILY: input
# LINE: 15
# CAUSE: readings
# SENTENCE: `readings` got the shape of the whole array, batch included; leave the number of samples out: x_train.shape[1:].
# FIX: LINE 14: readings = k.Input(shape=x_train.shape[1:], name="readings")
# ruff: noqa: E501
import keras as k
import numpy as np

x_train = np.random.default_rng(5).normal(size=(32, 20, 4))
y_train = x_train.sum(axis=(1, 2))[:, None] / 10

readings = k.Input(shape=x_train.shape, name="readings")
hidden = k.layers.GRU(8, name="hidden")(readings)
load = k.layers.Dense(1, name="load")(hidden)
model = k.Model(inputs=readings, outputs=load)
model.compile(loss="mse", optimizer="adam")
