# FAMILY: silent
# LINE: 18
# CAUSE: age
# TEACHER: The loop overwrites encoded each time, so only smoker arrives; age and weight are inputs
#   that nothing uses. Collect them in a list and concatenate.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(33)
COLUMNS = {"age": 1, "weight": 1, "smoker": 1}
x = {name: rng.normal(size=(64, size)).astype("float32") for name, size in COLUMNS.items()}
y = rng.normal(size=(64, 1)).astype("float32")

entries = {name: keras.Input((size,), name=name) for name, size in COLUMNS.items()}
for name, entry in entries.items():
    encoded = layers.Dense(8, activation="relu", name=f"{name}_features")(entry)

h = layers.Dense(16, activation="relu", name="together")(encoded)
pressure = layers.Dense(1, name="pressure")(h)

model = keras.Model(entries, pressure)
model.compile(optimizer="adam", loss="mse")
