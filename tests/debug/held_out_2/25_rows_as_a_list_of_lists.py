# WANT: train on rows typed in by hand
# FAMILY: fit
# LINE: 19
# CAUSE: rows
# SENTENCE: `rows` is a list of lists, and a list means one entry per INPUT; make it one array: np.array(rows).
# FIX: LINE 19: model.fit(np.array(rows), np.array(passed), epochs=1, verbose=0)
# ruff: noqa: E501
import numpy as np
from keras import Input, Model, utils
from keras import layers as L

utils.set_random_seed(25)
rows = [[7.0, 2.0, 1.0], [3.0, 5.0, 0.0], [6.5, 1.0, 1.0], [2.0, 4.0, 0.0]]
passed = [1, 0, 1, 0]
student = Input((3,), name="student")
x = L.Dense(6, activation="tanh")(student)
model = Model(student, L.Dense(1, activation="sigmoid", name="passed")(x))
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(rows, np.array(passed), epochs=1, verbose=0)
