# FAMILY: silent
# LINE: 20
# CAUSE: self_attention
# TEACHER: What self_attention gives is never used: the pooling takes x, not attended.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(31)
x = rng.integers(1, 200, size=(80, 18)).astype("int32")
y = rng.integers(0, 4, size=(80,))


def encode(tokens):
    x = layers.Embedding(200, 16, name="embedding")(tokens)
    x = layers.Conv1D(16, 3, padding="same", activation="relu")(x)
    attended = layers.MultiHeadAttention(2, 8, name="self_attention")(x, x)
    attended = layers.LayerNormalization(name="attended")(attended)
    return layers.GlobalAveragePooling1D()(x)


headline = keras.Input((18,), dtype="int32", name="headline")
section = layers.Dense(4, activation="softmax", name="section")(encode(headline))

model = keras.Model(headline, section)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
