# WANT: a simple digit classifier
# FAMILY: silent
# LINE: -
# CAUSE: Sequential
# SENTENCE: every layer has one input and one output, so keras.Sequential says the same in fewer words.
# FIX: LINE 23: model = keras.Sequential([digit, *steps])
# ruff: noqa: E501
import keras
import numpy as np
from keras import layers

digit = keras.Input((12, 12, 1), name="digit")
steps = [
    layers.Conv2D(6, 3, activation="relu", name="strokes"),
    layers.MaxPooling2D(name="half"),
    layers.Conv2D(12, 3, activation="relu", name="parts"),
    layers.GlobalAveragePooling2D(name="gather"),
    layers.Dense(10, activation="softmax", name="number"),
]
x = digit
for step in steps:
    x = step(x)
model = keras.Model(inputs=digit, outputs=x)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
rng = np.random.default_rng(59)
x, y = rng.random((10, 12, 12, 1)), rng.integers(0, 10, 10)
