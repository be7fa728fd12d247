# WANT: attention over the sentences of a document
# FAMILY: silent
# LINE: -
# CAUSE: attention
# SENTENCE: axis=0 is the batch: `attention` lets documents compete with each other; the sentences are axis 1.
# FIX: LINE 14: share = L.Softmax(axis=1, name="attention")(scores)
# ruff: noqa: E501
import keras as k
import numpy as np
from keras import layers as L

sentences = k.Input((7, 10), name="sentences")
scores = L.Dense(1, name="scores")(sentences)
share = L.Softmax(axis=0, name="attention")(scores)
summary = k.ops.sum(sentences * share, axis=1)
topic = L.Dense(4, activation="softmax", name="topic")(summary)
model = k.Model(sentences, topic)
model.compile("adam", "sparse_categorical_crossentropy")
rng = np.random.default_rng(52)
x, y = rng.normal(size=(12, 7, 10)), rng.integers(0, 4, 12)
