# FAMILY: fit
# LINE: 28
# CAUSE: genders
# TEACHER: The loss speaks of an output genders; the outputs are called age and gender.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(26)
faces = rng.random((24, 24, 24, 1)).astype("float32")
age = rng.integers(1, 90, size=(24, 1)).astype("float32") / 90
gender = rng.integers(0, 2, size=(24, 1)).astype("float32")

face = keras.Input((24, 24, 1), name="face")
x = layers.Conv2D(8, 3, activation="relu")(face)
x = layers.MaxPooling2D()(x)
x = layers.Flatten()(x)
outputs = [
    layers.Dense(1, name="age")(x),
    layers.Dense(1, activation="sigmoid", name="gender")(x),
]
model = keras.Model(face, outputs)
model.compile(
    optimizer="adam",
    loss={"age": "mse", "genders": "binary_crossentropy"},
)
model.fit(faces, {"age": age, "gender": gender}, epochs=1, verbose=0)
