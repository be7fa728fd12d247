# FAMILY: silent
# LINE: 30
# CAUSE: genre
# TEACHER: genre is a softmax over eight exclusive classes; binary_crossentropy judges each by
#   itself, use categorical_crossentropy.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(36)
x = rng.normal(size=(96, 30, 5)).astype("float32")
y = np.eye(8, dtype="float32")[rng.integers(0, 8, size=96)]


class GenreNet:
    def __init__(self, n_classes):
        self.body = [layers.Conv1D(f, 3, activation="relu") for f in (8, 16)]
        self.pool = layers.GlobalMaxPooling1D()
        self.head = layers.Dense(n_classes, activation="softmax", name="genre")

    def __call__(self, shape):
        song = h = keras.Input(shape, name="song")
        for conv in self.body:
            h = conv(h)
        return keras.Model(song, self.head(self.pool(h)), name="genre_net")


model = GenreNet(8)((30, 5))
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
