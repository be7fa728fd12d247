# The output uses the transposed embedding: one matrix, used twice.
import keras
import numpy as np
from keras import layers, ops


class TiedLogits(layers.Layer):
    def __init__(self, embedding, **kwargs):
        super().__init__(**kwargs)
        self.embedding = embedding

    def call(self, x):
        return ops.matmul(x, ops.transpose(self.embedding.embeddings))


rng = np.random.default_rng(108)
words = keras.Input((7,), dtype="int32", name="words")
embedding = layers.Embedding(25, 6, name="embedding")
h = layers.GRU(6, return_sequences=True)(embedding(words))
model = keras.Model(words, TiedLogits(embedding, name="next_word")(h))
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
x, y = rng.integers(0, 25, (10, 7)), rng.integers(0, 25, (10, 7))
