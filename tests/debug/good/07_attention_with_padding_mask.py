# Self-attention that leaves out padding, with the mask in the right shape.
import numpy as np
from keras import Input, Model, layers, ops

rng = np.random.default_rng(107)
tokens = Input((12,), dtype="int32", name="tokens")
real = ops.not_equal(tokens, 0)
embedded = layers.Embedding(40, 8)(tokens)
seen = layers.MultiHeadAttention(2, 4)(embedded, embedded, attention_mask=real[:, None, :])
h = layers.LayerNormalization()(layers.Add()([embedded, seen]))
share = ops.cast(real, "float32")[:, :, None]
pooled = ops.sum(h * share, axis=1) / ops.maximum(ops.sum(share, axis=1), 1.0)
model = Model(tokens, layers.Dense(1, activation="sigmoid", name="spam")(pooled))
model.compile(optimizer="adam", loss="binary_crossentropy")
x, y = rng.integers(0, 40, (14, 12)), rng.integers(0, 2, (14, 1))
