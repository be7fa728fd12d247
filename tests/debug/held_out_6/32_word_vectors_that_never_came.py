# FAMILY: silent
# LINE: 18
# CAUSE: word_vectors
# TEACHER: word_vectors is frozen and nothing was loaded into it, so it stays at its random start;
#   set the GloVe matrix as its weights or let it learn.

import keras
import numpy as np
from keras import layers

VOCAB, DIM, LENGTH = 500, 25, 15
rng = np.random.default_rng(32)
x = rng.integers(0, VOCAB, size=(70, LENGTH)).astype("int32")
y = rng.integers(0, 3, size=(70,))
embedding_matrix = rng.normal(size=(VOCAB, DIM)).astype("float32")  # as read from the file

text = keras.Input((LENGTH,), dtype="int32", name="text")
e = layers.Embedding(VOCAB, DIM, trainable=False, name="word_vectors")(text)
e = layers.Conv1D(16, 3, activation="relu", name="phrases")(e)
e = layers.GlobalMaxPooling1D(name="strongest")(e)
topic = layers.Dense(3, activation="softmax", name="topic")(e)

model = keras.Model(text, topic)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
