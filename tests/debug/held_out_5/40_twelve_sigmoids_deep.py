# FAMILY: silent
# LINE: 18
# CAUSE: sigmoid
# TEACHER: After twelve layers of sigmoid hardly any gradient reaches the first ones; use relu and
#   skips or fewer layers.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(40)
x = rng.normal(size=(160, 10)).astype("float32")
y = rng.integers(0, 2, size=(160, 1)).astype("float32")

patient = keras.Input((10,), name="patient")
signal = patient
for depth in range(1, 13):
    signal = layers.Dense(16, activation="sigmoid", name=f"deep_{depth}")(signal)
outcome = layers.Dense(1, activation="sigmoid", name="outcome")(signal)

model = keras.Model(patient, outcome, name="deep_clinic")
model.compile(optimizer="sgd", loss="binary_crossentropy", metrics=["accuracy"])
