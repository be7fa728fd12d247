# WANT: predict age and mood from a face
# FAMILY: fit
# LINE: 24
# CAUSE: mood
# SENTENCE: the model has two outputs, `age` and `mood`, and fit got one target array: give one target for each.
# FIX: LINE 24: model.fit(faces, [ages, np.zeros((12, 3))], epochs=1, verbose=0)
# ruff: noqa: E501
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(2)
faces = rng.random((12, 14, 14, 1))
ages = rng.random((12, 1))

face = keras.Input((14, 14, 1), name="face")
trunk = layers.Flatten()(layers.Conv2D(4, 5, strides=3, activation="relu")(face))
heads = [
    layers.Dense(1, name="age")(trunk),
    layers.Dense(3, activation="softmax", name="mood")(trunk),
]
model = keras.Model(inputs=face, outputs=heads)
model.compile(optimizer="adam", loss=["mse", "categorical_crossentropy"])
model.fit(faces, ages, epochs=1, verbose=0)
