# FAMILY: sequence
# LINE: 32
# CAUSE: attention_mask
# TEACHER: attention_mask must be (batch, queries, keys); the padding mask (batch, keys) lacks
#   the axis of the queries.

import keras
import numpy as np
from keras import layers, ops


def encoder_block(tokens, keep, heads, width):
    att = layers.MultiHeadAttention(heads, width // heads)
    out = att(tokens, tokens, attention_mask=keep)
    tokens = layers.LayerNormalization()(tokens + out)
    ff = layers.Dense(2 * width, activation="gelu")(tokens)
    ff = layers.Dense(width)(ff)
    return layers.LayerNormalization()(tokens + ff)


word_ids = keras.Input((12,), dtype="int32", name="word_ids")
pad_mask = ops.not_equal(word_ids, 0)
tokens = layers.Embedding(100, 16)(word_ids)
for _ in range(2):
    tokens = encoder_block(tokens, pad_mask, heads=2, width=16)
mood = layers.Dense(3, activation="softmax")(tokens[:, 0])
reader = keras.Model(word_ids, mood)
reader.compile("adam", "sparse_categorical_crossentropy")

rng = np.random.default_rng(4)
reviews = rng.integers(0, 100, size=(20, 12))
reader.fit(reviews, rng.integers(0, 3, size=20), batch_size=5, epochs=1, verbose=0)
