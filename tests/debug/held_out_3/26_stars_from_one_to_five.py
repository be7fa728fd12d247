# FAMILY: fit
# LINE: 34
# CAUSE: stars
# TEACHER: The labels run from 1 to 5, but sparse classes must run from 0 to 4 for Dense(5):
#   subtract one from stars.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(6)
texts = rng.integers(0, 500, size=(64, 20))
stars = np.tile([1, 2, 3, 4, 5], 13)[:64]


def text_cnn(vocab, length, kernel_sizes, n_classes):
    ids = keras.Input((length,), dtype="int32", name="review")
    emb = layers.Embedding(vocab, 16)(ids)
    pooled = [
        layers.GlobalMaxPooling1D()(layers.Conv1D(8, k, activation="relu")(emb))
        for k in kernel_sizes
    ]
    joined = layers.Concatenate()(pooled)
    rating = layers.Dense(n_classes, activation="softmax", name="rating")(joined)
    return keras.Model(ids, rating)


model = text_cnn(500, 20, kernel_sizes=(2, 3, 4), n_classes=len(set(stars)))
model.compile(
    optimizer="adam",
    loss=keras.losses.SparseCategoricalCrossentropy(),
    metrics=["accuracy"],
)
model.fit(texts, stars, epochs=1, verbose=0)
