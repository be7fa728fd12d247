# FAMILY: silent
# LINE: 20
# CAUSE: price
# TEACHER: price ends in a sigmoid, between 0 and 1, but the targets are hundreds of thousands: a
#   linear output is needed.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(80)
rooms = rng.integers(1, 8, size=(150, 1))
area = rng.normal(size=(150, 3))
x = np.hstack([rooms / 8, area]).astype("float32")
y = (120_000 + 45_000 * rooms + 20_000 * area[:, :1]).astype("float32")

flat = keras.Input((4,), name="flat")
z = layers.Dense(32, activation="relu")(flat)
z = layers.Dense(32, activation="relu")(z)
price = layers.Dense(1, activation="sigmoid", name="price")(z)

model = keras.Model(flat, price, name="house_prices")
model.compile(keras.optimizers.Adam(1e-2), loss="mean_absolute_error")
