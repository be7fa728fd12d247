# WANT: say whether two questions mean the same
# FAMILY: silent
# LINE: -
# CAUSE: left_words
# SENTENCE: each call of the helper makes new weights, so `left_words` and `right_words` are different encoders: make them once and share.
# FIX: LINE 20: shared = Model(left, encode(left, "both")); codes = [shared(left), shared(right)]
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras import layers as L


def encode(words, side):
    x = L.Embedding(80, 8, name=f"{side}_words")(words)
    return L.GRU(8, name=f"{side}_gru")(x)


left = Input((9,), dtype="int32", name="left")
right = Input((9,), dtype="int32", name="right")
codes = [encode(left, "left"), encode(right, "right")]
alike = L.Dot(axes=1, normalize=True, name="alike")(codes)
same = L.Dense(1, activation="sigmoid", name="same")(alike)
model = Model([left, right], same)
model.compile(optimizer="adam", loss="binary_crossentropy")
rng = np.random.default_rng(46)
x = [rng.integers(1, 80, (16, 9)), rng.integers(1, 80, (16, 9))]
y = rng.integers(0, 2, (16, 1))
