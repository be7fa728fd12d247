# WANT: normalise the hidden values
# FAMILY: silent
# LINE: -
# CAUSE: norm
# SENTENCE: `norm` is called with training=True, so even in predict it uses the statistics of the current batch.
# FIX: LINE 13: norm = layers.BatchNormalization(name="norm")(wide)
# ruff: noqa: E501
import numpy as np
from keras import Input, Model, layers

wine = Input((11,), name="wine")
wide = layers.Dense(16, activation="relu", name="wide")(wine)
norm = layers.BatchNormalization(name="norm")(wide, training=True)
grade = layers.Dense(1, name="grade")(layers.Concatenate()([wine, norm]))
model = Model(wine, grade)
model.compile(optimizer="adam", loss="mse")
rng = np.random.default_rng(49)
x, y = rng.normal(size=(30, 11)), rng.normal(size=(30, 1))
