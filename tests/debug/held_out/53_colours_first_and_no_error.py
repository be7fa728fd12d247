# WANT: classify small colour pictures stored as 3 x 32 x 32
# FAMILY: silent
# LINE: -
# CAUSE: photo
# SENTENCE: `photo` has its channels first, so the colours are read as height and 32 columns as channels: use (32, 32, 3).
# FIX: LINE 15: a = layers.Conv2D(8, 3, padding="same", activation="relu", name="a")(layers.Permute((2, 3, 1))(photo))
# ruff: noqa: E501
import numpy as np
from keras import Input, Model, layers

rng = np.random.default_rng(53)
x, y = rng.random((10, 3, 32, 32)), rng.integers(0, 4, 10)

photo = Input((3, 32, 32), name="photo")
a = layers.Conv2D(8, 3, padding="same", activation="relu", name="a")(photo)
b = layers.Conv2D(8, 3, padding="same", activation="relu", name="b")(a)
both = layers.GlobalAveragePooling2D()(layers.Add()([a, b]))
bird = layers.Dense(4, activation="softmax", name="bird")(both)
model = Model(photo, bird)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
