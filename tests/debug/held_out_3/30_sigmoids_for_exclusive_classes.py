# FAMILY: silent
# LINE: 21
# CAUSE: genre
# TEACHER: One class per song and categorical_crossentropy: genre should be a softmax, not four
#   independent sigmoids.

import numpy as np
from keras import Input, Model, layers, utils

rng = np.random.default_rng(14)
x = rng.normal(size=(64, 40, 13)).astype("float32")
y = utils.to_categorical(rng.integers(0, 4, 64), 4)


def genre_model(frames=40, mfcc=13, genres=4):
    track = Input((frames, mfcc), name="mfcc")
    t = layers.Conv1D(16, 5, activation="relu")(track)
    t = layers.MaxPooling1D(2)(t)
    t = layers.Bidirectional(layers.GRU(8))(t)
    t = layers.Dense(16, activation="relu")(t)
    return Model(track, layers.Dense(genres, activation="sigmoid", name="genre")(t))


model = genre_model()
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
