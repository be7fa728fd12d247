# FAMILY: silent
# LINE: 25
# CAUSE: celsius
# TEACHER: celsius ends with a relu and can never be below zero, but many targets are: leave the
#   activation of the last layer out.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(29)
x = rng.normal(size=(200, 9)).astype("float32")
y = (x[:, :1] * 6.0 - 1.5 + rng.normal(size=(200, 1))).astype("float32")


def mlp(inputs, sizes, activation):
    h = inputs
    for size in sizes:
        h = layers.Dense(size, activation=activation)(h)
    return h


station = keras.Input(shape=(9,), name="station")
hidden = mlp(station, [32, 32], "relu")
night = layers.Dense(1, activation="relu", name="celsius")(hidden)

model = keras.Model(station, night)
model.compile(optimizer="adam", loss="mse", metrics=["mae"])
model.fit(x, y, epochs=1, batch_size=50, verbose=0)
