# WANT: give every film all the tags that fit it
# FAMILY: silent
# LINE: -
# CAUSE: tags
# SENTENCE: `tags` ends in softmax, whose outputs share a sum of 1, but a film may have several tags at once: sigmoid with binary_crossentropy.
# FIX: LINE 14: tags = L.Dense(5, activation="sigmoid", name="tags")(t)
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras import layers as L

plot = Input((40,), name="plot")
t = L.Dense(20, activation="relu", name="themes")(plot)
tags = L.Dense(5, activation="softmax", name="tags")(t)
model = Model(plot, tags)
model.compile(optimizer="adam", loss="binary_crossentropy")
rng = np.random.default_rng(35)
x = rng.random((48, 40)).astype("float32")
y = (rng.random((48, 5)) < 0.5).astype("float32")
