# FAMILY: silent
# LINE: 17
# CAUSE: word_weights
# TEACHER: word_weights is a softmax over its last axis of size 1, so every word weighs 1; the
#   softmax must run over the words.

import keras
import numpy as np
from keras import layers, ops

rng = np.random.default_rng(130)
x = rng.integers(1, 80, size=(60, 15))
y = rng.integers(0, 2, size=(60, 1)).astype("float32")


def attention_pool(sequence):
    weights = layers.Dense(1, activation="softmax", name="word_weights")(sequence)
    weighted = layers.Multiply()([sequence, weights])
    return layers.Lambda(lambda t: ops.sum(t, axis=1), name="word_sum")(weighted)


words = keras.Input((15,), dtype="int32", name="words")
emb = layers.Embedding(80, 16)(words)
seq = layers.Bidirectional(layers.LSTM(8, return_sequences=True))(emb)
context = attention_pool(seq)
toxic = layers.Dense(1, activation="sigmoid", name="toxic")(context)
model = keras.Model(words, toxic)
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
