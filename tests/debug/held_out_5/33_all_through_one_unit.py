# FAMILY: silent
# LINE: 20
# CAUSE: squeeze
# TEACHER: squeeze has a single unit, and all ten classes must be told from that one number; make
#   it wider.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(33)
x = rng.random((100, 64)).astype("float32")
y = rng.integers(0, 10, size=(100,))

WIDTHS = {"wide": 32, "narrow": 8, "squeeze": 1}

digit = keras.Input((64,), name="digit")
h = digit
for name, units in WIDTHS.items():
    h = layers.Dense(units, activation="relu", name=name)(h)
scores = layers.Dense(10, activation="softmax", name="scores")(h)

model = keras.Model(digit, scores)
model.compile(
    optimizer="adam",
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
