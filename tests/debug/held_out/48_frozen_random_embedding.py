# WANT: use pretrained word vectors and leave them as they are
# FAMILY: silent
# LINE: -
# CAUSE: words
# SENTENCE: the layer `words` is frozen but never got the pretrained vectors: it stays random for ever.
# FIX: LINE 16: words = L.Embedding(40, 8, embeddings_initializer=k.initializers.Constant(vectors), trainable=False, name="words")
# ruff: noqa: E501
import keras as k
import numpy as np
from keras import layers as L

rng = np.random.default_rng(48)
vectors = rng.normal(size=(40, 8)).astype("float32")

text = k.Input((11,), dtype="int32", name="text")
words = L.Embedding(40, 8, trainable=False, name="words")
seen = words(text)
ways = [L.GlobalMaxPooling1D()(seen), L.GlobalAveragePooling1D()(seen)]
tone = L.Dense(3, activation="softmax", name="tone")(L.Concatenate()(ways))
model = k.Model(text, tone)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
x, y = rng.integers(0, 40, (18, 11)), rng.integers(0, 3, 18)
