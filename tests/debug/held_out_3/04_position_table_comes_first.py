# FAMILY: values
# LINE: 28
# CAUSE: table
# TEACHER: A NumPy array on the left of + tries to turn the symbolic tensor into an array; add it
#   through keras.ops or a layer.

import keras
import numpy as np
from keras import layers


def sinusoid_table(length, width):
    pos = np.arange(length)[:, None]
    i = np.arange(width)[None, :]
    angle = pos / np.power(10000.0, (2 * (i // 2)) / width)
    angle[:, 0::2] = np.sin(angle[:, 0::2])
    angle[:, 1::2] = np.cos(angle[:, 1::2])
    return angle.astype("float32")


class TinyTransformer:
    def __init__(self, vocab=200, length=24, width=16):
        self.vocab, self.length, self.width = vocab, length, width

    def encode(self, ids):
        emb = layers.Embedding(self.vocab, self.width)(ids)
        table = sinusoid_table(self.length, self.width)
        emb = table[np.newaxis, :, :] + emb
        att = layers.MultiHeadAttention(2, 8)(emb, emb)
        return layers.LayerNormalization()(layers.Add()([emb, att]))

    def build(self):
        ids = keras.Input((self.length,), dtype="int32", name="ids")
        pooled = layers.GlobalAveragePooling1D()(self.encode(ids))
        return keras.Model(ids, layers.Dense(1, activation="sigmoid")(pooled))


model = TinyTransformer().build()
model.summary()
