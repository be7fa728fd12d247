# WANT: write the scores of attention by hand
# FAMILY: shape
# LINE: 15
# CAUSE: keys
# SENTENCE: `keys` must be turned around first: (10, 16) times (10, 16) does not multiply, (10, 16) times (16, 10) does.
# FIX: LINE 15: scores = ops.matmul(queries, ops.transpose(keys, (0, 2, 1))) / 4.0
# ruff: noqa: E501
import keras
from keras import layers, ops

tokens = keras.Input((10, 12), name="tokens")
queries = layers.Dense(16, name="to_queries")(tokens)
keys = layers.Dense(16, name="to_keys")(tokens)
values = layers.Dense(16, name="to_values")(tokens)
scores = ops.matmul(queries, keys) / 4.0
mixed = ops.matmul(ops.softmax(scores, axis=-1), values)
x = layers.GlobalAveragePooling1D()(mixed)
model = keras.Model(tokens, layers.Dense(2, activation="softmax")(x))
