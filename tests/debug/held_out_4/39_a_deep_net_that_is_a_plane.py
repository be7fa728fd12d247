# FAMILY: silent
# LINE: 19
# CAUSE: activation
# TEACHER: None of the hidden Dense layers has an activation, so five of them are no more than one
#   linear layer.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(39)
x = rng.uniform(-1, 1, size=(180, 2)).astype("float32")
y = ((x**2).sum(axis=1, keepdims=True) < 0.5).astype("float32")


def stack(inputs, *widths):
    out = inputs
    for i, width in enumerate(widths, start=1):
        out = layers.Dense(width, kernel_initializer="he_normal", name=f"fc{i}")(out)
    return out


point = keras.Input(shape=(2,), name="point")
trunk = stack(point, 64, 64, 32, 16)
inside = layers.Dense(1, activation="sigmoid", name="inside")(trunk)

model = keras.Model(point, inside)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
