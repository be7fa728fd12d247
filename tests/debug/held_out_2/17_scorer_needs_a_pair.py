# WANT: rank documents with a scorer that was built for pairs
# FAMILY: graph
# LINE: 21
# CAUSE: scorer
# SENTENCE: `scorer` has two inputs, the query and the document, and was called with the document alone: scorer([query, document]).
# FIX: LINE 21: points = scorer([query, document])
# ruff: noqa: E501
import keras
from keras import layers as L


def make_scorer():
    q, d = keras.Input((6,), name="q"), keras.Input((6,), name="d")
    x = L.Dense(8, activation="relu")(L.Concatenate()([q, d]))
    return keras.Model([q, d], L.Dense(1)(x), name="pair_scorer")


scorer = make_scorer()
query = keras.Input((6,), name="query")
document = keras.Input((6,), name="document")
points = scorer(document)
model = keras.Model([query, document], L.Activation("sigmoid")(points))
model.compile(optimizer="adam", loss="binary_crossentropy")
