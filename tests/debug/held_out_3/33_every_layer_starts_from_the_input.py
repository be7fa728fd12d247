# FAMILY: silent
# LINE: 25
# CAUSE: hidden_2
# TEACHER: The loop calls each layer on signal instead of h, so only hidden_2 is in the model;
#   the others are lost.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(70)
x = rng.normal(size=(100, 8)).astype("float32")
y = np.sin(x[:, :1] * x[:, 1:2]).astype("float32")


class Regressor:
    def __init__(self, n_in, widths, activation="relu"):
        self.n_in = n_in
        self.widths = widths
        self.activation = activation

    def build(self):
        signal = keras.Input((self.n_in,), name="signal")
        for i, width in enumerate(self.widths):
            h = layers.Dense(width, activation=self.activation, name=f"hidden_{i}")(signal)
        return keras.Model(signal, layers.Dense(1, name="value")(h))


model = Regressor(8, [64, 32, 16]).build()
model.compile("adam", "mse")
