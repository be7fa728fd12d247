# FAMILY: silent
# LINE: 21
# CAUSE: unit_length
# TEACHER: unit_length normalises along axis 0, the batch: each vector depends on who else is in the
#   batch; the axis is -1.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(34)
x = rng.random((48, 16, 16, 3)).astype("float32")
y = rng.integers(0, 6, size=(48,))


def embed(photo):
    f = layers.Conv2D(8, 3, activation="relu", name="edges")(photo)
    f = layers.Conv2D(16, 3, strides=2, activation="relu", name="parts")(f)
    f = layers.GlobalAveragePooling2D(name="summary")(f)
    f = layers.Dense(12, name="vector")(f)
    return layers.UnitNormalization(axis=0, name="unit_length")(f)


photo = keras.Input((16, 16, 3), name="photo")
person = layers.Dense(6, activation="softmax", name="person")(embed(photo))

model = keras.Model(photo, person)
model.compile("adam", "sparse_categorical_crossentropy")
