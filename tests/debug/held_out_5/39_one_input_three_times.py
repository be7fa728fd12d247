# FAMILY: silent
# LINE: 13
# CAUSE: station
# TEACHER: Multiplying the list repeats one Input, station, three times, so two of the three arrays
#   are never read; make three with a comprehension.

import keras
import numpy as np
from keras import layers

N_STATIONS = 3

inputs = [keras.Input(shape=(8,), name="station")] * N_STATIONS
encoder = layers.Dense(16, activation="relu")
encoded = [encoder(station) for station in inputs]

h = layers.Concatenate()(encoded)
h = layers.Dense(16, activation="relu")(h)
ozone = layers.Dense(1, name="ozone")(h)

model = keras.Model(inputs=inputs, outputs=ozone)
model.compile(optimizer="adam", loss="mse")

rng = np.random.default_rng(39)
x = [rng.normal(size=(40, 8)).astype("float32") for _ in range(N_STATIONS)]
y = rng.normal(size=(40, 1)).astype("float32")
