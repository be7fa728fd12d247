# FAMILY: silent
# LINE: 18
# CAUSE: forecast
# TEACHER: forecast has a softmax: its three values sum to one and can never be degrees; a
#   regression needs no activation there.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(35)
x = rng.normal(size=(72, 14, 4)).astype("float32")
y = rng.normal(15, 6, size=(72, 3)).astype("float32")  # morning, noon, evening

days = keras.Input(shape=(14, 4), name="days")
g = layers.GRU(16, return_sequences=True, name="first")(days)
g = layers.GRU(16, name="second")(g)
forecast = layers.Dense(3, activation="softmax", name="forecast")(g)

model = keras.Model(inputs=days, outputs=forecast)
model.compile(loss="mean_squared_error", optimizer="adam", metrics=["mae"])
