# FAMILY: silent
# LINE: 18
# CAUSE: ill
# TEACHER: softmax over one unit is always 1: the model can only say yes; use sigmoid.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(40)
x = rng.normal(size=(128, 10)).astype("float32")
y = (x[:, 0] + x[:, 3] > 0).astype("float32")[:, None]

blood = keras.Input((10,), name="blood_values")
h = layers.Dense(32, activation="relu")(blood)
h = layers.Dropout(0.2)(h)
h = layers.Dense(16, activation="relu")(h)
out = layers.Dense(1, activation="softmax", name="ill")(h)

model = keras.Model(blood, out)
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=2, verbose=0)
