# WANT: let the network choose one of eight routes by itself
# FAMILY: silent
# LINE: -
# CAUSE: router
# SENTENCE: argmax has no gradient, so `router` never learns: multiply with its softmax instead of taking the largest.
# FIX: LINE 14: choice = layers.Dense(4, use_bias=False, name="routes")(ops.softmax(router))
# ruff: noqa: E501
import keras
import numpy as np
from keras import layers, ops

trip = keras.Input((6,), name="trip")
router = layers.Dense(8, name="router")(trip)
choice = layers.Embedding(8, 4, name="routes")(ops.argmax(router, axis=-1))
joined = layers.Concatenate()([choice, trip])
minutes = layers.Dense(1, name="minutes")(joined)
model = keras.Model(trip, minutes)
model.compile(optimizer="adam", loss="mse")
rng = np.random.default_rng(62)
x, y = rng.normal(size=(24, 6)), rng.normal(size=(24, 1))
