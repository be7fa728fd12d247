# FAMILY: merge
# LINE: 27
# CAUSE: ffn_1
# TEACHER: The feed-forward part ends with ff_dim numbers (ffn_1) and must come back to embed_dim
#   before the residual sum.

import keras
from keras import layers


class Block:
    def __init__(self, embed_dim, heads, ff_dim, rate=0.1):
        self.att = layers.MultiHeadAttention(heads, embed_dim // heads)
        self.ffn = [
            layers.Dense(embed_dim, activation="relu", name="ffn_0"),
            layers.Dense(ff_dim, name="ffn_1"),
        ]
        self.norms = layers.LayerNormalization(), layers.LayerNormalization()
        self.drop = layers.Dropout(rate)

    def apply(self, x):
        attended = self.att(x, x)
        x = self.norms[0](x + self.drop(attended))
        y = x
        for dense in self.ffn:
            y = dense(y)
        return self.norms[1](layers.add([x, y]))


review = keras.Input((60,), dtype="int32", name="review")
tokens = layers.Embedding(2000, 32)(review)
encoded = Block(embed_dim=32, heads=2, ff_dim=64).apply(tokens)
pooled = layers.GlobalAveragePooling1D()(encoded)
sentiment = layers.Dense(1, activation="sigmoid")(pooled)
reader = keras.Model(review, sentiment)
