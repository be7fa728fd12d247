# FAMILY: silent
# LINE: 31
# CAUSE: glasses
# TEACHER: The loss weight of glasses is 0, so that head never learns anything; give it a weight.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(35)
n = 60
x = rng.random((n, 16, 16, 1)).astype("float32")
y = {
    "age": rng.normal(size=(n, 1)).astype("float32"),
    "glasses": rng.integers(0, 2, size=(n, 1)).astype("float32"),
}

face = keras.Input((16, 16, 1), name="face")
trunk = layers.Conv2D(8, 3, strides=2, activation="relu")(face)
trunk = layers.Flatten()(trunk)
trunk = layers.Dense(16, activation="relu")(trunk)
heads = {
    "age": layers.Dense(1, name="age")(trunk),
    "glasses": layers.Dense(1, activation="sigmoid", name="glasses")(trunk),
}

model = keras.Model(face, heads)
model.compile(
    optimizer="adam",
    loss={"age": "mse", "glasses": "binary_crossentropy"},
    loss_weights={"age": 1.0, "glasses": 0.0},
)
