# FAMILY: silent
# LINE: 29
# CAUSE: tanh
# TEACHER: tanh gives numbers from -1 to 1, and binary_crossentropy needs a probability: sigmoid.

import keras
import numpy as np
from keras import layers


def load_churn(n=160, months=12):
    rng = np.random.default_rng(30)
    usage = rng.gamma(2.0, 0.5, size=(n, months, 2)).astype("float32")
    left = (usage[:, -3:].mean(axis=(1, 2)) < 0.9).astype("float32")
    return usage, left


x, y = load_churn()


class Churn:
    def __init__(self, units):
        self.units = units

    def model(self):
        usage = keras.Input(shape=x.shape[1:], name="usage")
        state = layers.LSTM(self.units)(usage)
        state = layers.Dense(self.units, activation="relu")(state)
        leaves = layers.Dense(1, activation="tanh", name="leaves")(state)
        return keras.Model(usage, leaves)


model = Churn(12).model()
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
