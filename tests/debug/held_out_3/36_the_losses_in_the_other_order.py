# FAMILY: silent
# LINE: 29
# CAUSE: delay
# TEACHER: The losses are in the wrong order: delay, a linear output, gets binary_crossentropy
#   and cancelled gets mse.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(100)
x = rng.normal(size=(120, 6)).astype("float32")
was_cancelled = (rng.random((120, 1)) < 0.2).astype("float32")
minutes_late = rng.normal(0.5, 2.0, size=(120, 1)).astype("float32")
y = [was_cancelled, minutes_late]


def flight_model(n_in):
    flight = keras.Input((n_in,), name="flight")
    body = layers.Dense(32, activation="relu")(flight)
    heads = [
        layers.Dense(1, activation="sigmoid", name="cancelled")(body),
        layers.Dense(1, name="delay")(body),
    ]
    return keras.Model(flight, heads)


model = flight_model(6)
model.compile("adam", loss=["mse", "binary_crossentropy"])
