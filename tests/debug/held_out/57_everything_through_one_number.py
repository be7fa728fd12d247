# WANT: compress the features a little before the classifier
# FAMILY: silent
# LINE: -
# CAUSE: squeeze
# SENTENCE: `squeeze` has one unit, so all 20 + 12 features must pass through a single number before six classes: make it wider.
# FIX: LINE 15: squeeze = Dense(12, activation="relu", name="squeeze")(x)
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras.layers import Concatenate, Dense

genes = Input((20,), name="genes")
blood = Input((12,), name="blood")
x = Dense(24, activation="relu", name="mix")(Concatenate()([genes, blood]))
squeeze = Dense(1, activation="relu", name="squeeze")(x)
x = Dense(16, activation="relu", name="open")(squeeze)
model = Model([genes, blood], Dense(6, activation="softmax", name="illness")(x))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
rng = np.random.default_rng(57)
x = [rng.normal(size=(18, 20)), rng.normal(size=(18, 12))]
y = rng.integers(0, 6, 18)
