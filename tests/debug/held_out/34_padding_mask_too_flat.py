# WANT: self-attention that ignores padding
# FAMILY: sequence
# LINE: 19
# CAUSE: padding
# SENTENCE: attention_mask says who may look at whom, (batch, 12, 12); `padding` is only (batch, 12): pass padding[:, None, :].
# FIX: LINE 13: padding = ops.not_equal(tokens, 0)[:, None, :]
# ruff: noqa: E501
import numpy as np
from keras import Input, Model, layers, ops

tokens = Input((12,), dtype="int32", name="tokens")
x = layers.Embedding(30, 8, name="embed")(tokens)
padding = ops.not_equal(tokens, 0)
seen = layers.MultiHeadAttention(2, 4, name="attend")(x, x, attention_mask=padding)
x = layers.GlobalAveragePooling1D()(layers.Add()([x, seen]))
model = Model(tokens, layers.Dense(1, activation="sigmoid", name="spam")(x))
model.compile("adam", "binary_crossentropy")
rng = np.random.default_rng(1)
model.fit(rng.integers(0, 30, (20, 12)), rng.integers(0, 2, (20, 1)), batch_size=10, verbose=0)
