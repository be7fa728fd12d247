# FAMILY: silent
# LINE: 26
# CAUSE: reader_b
# TEACHER: reader_a and reader_b are two sets of weights; to compare the questions one reader must
#   read both.

import keras
import numpy as np
from keras import layers, ops

rng = np.random.default_rng(29)
x = [rng.integers(1, 300, size=(60, 12)).astype("int32") for _ in range(2)]
y = rng.integers(0, 2, size=(60, 1)).astype("float32")


def make_reader(name):
    tokens = keras.Input((12,), dtype="int32")
    t = layers.Embedding(300, 16)(tokens)
    t = layers.LSTM(16)(t)
    return keras.Model(tokens, t, name=name)


question_a = keras.Input((12,), dtype="int32", name="question_a")
question_b = keras.Input((12,), dtype="int32", name="question_b")
vector_a = make_reader("reader_a")(question_a)
vector_b = make_reader("reader_b")(question_b)

difference = ops.abs(vector_a - vector_b)
duplicate = layers.Dense(1, activation="sigmoid", name="duplicate")(difference)

model = keras.Model([question_a, question_b], duplicate)
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
