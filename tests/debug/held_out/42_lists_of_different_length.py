# WANT: train on sentences of different length
# FAMILY: fit
# LINE: 27
# CAUSE: sentences
# SENTENCE: `sentences` holds lists of different length, so its dtype is object and not numbers: pad them to one length first.
# FIX: LINE 23: sentences = keras.utils.pad_sequences([[4, 7, 2], [5, 1], [9, 3, 3, 6], [8]], padding="post")
# ruff: noqa: E501
import keras
import numpy as np


class Reader(keras.Model):
    def __init__(self):
        super().__init__(name="reader")
        self.embed = keras.layers.Embedding(10, 4, mask_zero=True)
        self.pool = keras.layers.GlobalAveragePooling1D()
        self.out = keras.layers.Dense(1, activation="sigmoid")

    def call(self, tokens):
        return self.out(self.pool(self.embed(tokens)))


sentences = np.array([[4, 7, 2], [5, 1], [9, 3, 3, 6], [8]], dtype=object)
labels = np.array([[0], [1], [1], [0]])
model = Reader()
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(sentences, labels, epochs=1, verbose=0)
