# One score a step, softmax over the steps, weighted sum: width 1 is right here.
import numpy as np
from keras import Input, Model, layers, ops

rng = np.random.default_rng(120)
visits = Input((11, 6), name="visits")
h = layers.Dense(10, activation="tanh")(visits)
score = layers.Dense(1, name="score")(h)
share = layers.Softmax(axis=1, name="share")(score)
summary = ops.sum(h * share, axis=1)
model = Model(visits, layers.Dense(1, activation="sigmoid", name="returns")(summary))
model.compile("adam", "binary_crossentropy")
x, y = rng.normal(size=(13, 11, 6)), rng.integers(0, 2, (13, 1))
