# WANT: predict the energy use of a building from six columns
# FAMILY: input
# LINE: 19
# CAUSE: building
# SENTENCE: the input `building` was made as wide as the table is long: shape[0] counts the 50 rows, the 6 columns are shape[1].
# FIX: LINE 15: building = keras.Input(shape=(table.shape[1],), name="building")
# ruff: noqa: E501
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(13)
table = rng.normal(size=(50, 6))
energy = table.sum(axis=1)
building = keras.Input(shape=(table.shape[0],), name="building")
x = layers.Dense(8, activation="relu")(building)
model = keras.Model(building, layers.Dense(1)(x))
model.compile(optimizer="adam", loss="mse")
model.fit(table, energy, epochs=1, verbose=0)
