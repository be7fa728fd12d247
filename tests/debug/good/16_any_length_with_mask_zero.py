# Sentences of any length: the mask travels from the embedding to the pooling.
import keras as k
import numpy as np
from keras import layers as L

rng = np.random.default_rng(116)
text = k.Input((None,), dtype="int32", name="text")
words = L.Embedding(30, 8, mask_zero=True)(text)
mean = L.GlobalAveragePooling1D()(words)
last = L.GRU(8)(words)
model = k.Model(text, L.Dense(3, activation="softmax")(L.Concatenate()([mean, last])))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
x = k.utils.pad_sequences([list(range(1, n)) for n in (4, 9, 6, 12, 7, 3)], padding="post")
y = rng.integers(0, 3, 6)
