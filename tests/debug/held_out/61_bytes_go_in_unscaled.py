# WANT: classify grey pictures given as bytes
# FAMILY: silent
# LINE: -
# CAUSE: pixels
# SENTENCE: `pixels` receives values up to 255 with no scaling: divide by 255 or put Rescaling(1 / 255) first.
# FIX: LINE 13: x = rng.integers(0, 256, (30, 64)).astype("float32") / 255.0
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras import layers as L

rng = np.random.default_rng(61)
x = rng.integers(0, 256, (30, 64)).astype("float32")
y = rng.integers(0, 3, 30)

pixels = Input((64,), name="pixels")
hidden = L.Dense(16, activation="tanh", name="hidden")(pixels)
deeper = L.Dense(16, activation="tanh", name="deeper")(hidden)
sign = L.Dense(3, activation="softmax", name="sign")(L.Add()([hidden, deeper]))
model = Model(pixels, sign)
model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
