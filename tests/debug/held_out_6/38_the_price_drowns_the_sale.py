# FAMILY: silent
# LINE: 24
# CAUSE: price
# TEACHER: The squared error of price is of the order 1e10 and the other loss below one: price alone
#   decides. Scale the prices or give loss_weights.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(38)
x = rng.normal(size=(96, 9)).astype("float32")
y = {
    "price": rng.normal(310_000, 90_000, size=(96, 1)).astype("float32"),
    "sold": rng.integers(0, 2, size=(96, 1)).astype("float32"),
}

house = keras.Input((9,), name="house")
shared = layers.Dense(32, activation="relu", name="shared")(house)
price = layers.Dense(1, name="price")(layers.Dense(8, activation="relu", name="worth")(shared))
sold = layers.Dense(1, activation="sigmoid", name="sold")(shared)

model = keras.Model(house, {"price": price, "sold": sold})
model.compile("adam", loss={"price": "mse", "sold": "binary_crossentropy"})
