# Several labels may be true together: sigmoid units with binary cross-entropy.
import numpy as np
from keras import Input, Model, layers

rng = np.random.default_rng(117)
poster = Input((20, 20, 3), name="poster")
title = Input((10,), name="title")
seen = layers.GlobalMaxPooling2D()(layers.SeparableConv2D(8, 3, activation="relu")(poster))
joined = layers.Concatenate()([seen, layers.Dense(8, activation="relu")(title)])
genres = layers.Dense(5, activation="sigmoid", name="genres")(layers.Dropout(0.3)(joined))
model = Model({"poster": poster, "title": title}, genres)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["AUC"])
x = {"poster": rng.random((8, 20, 20, 3)), "title": rng.normal(size=(8, 10))}
y = rng.integers(0, 2, (8, 5))
