# WANT: a little dropout: keep 95 percent of the values
# FAMILY: silent
# LINE: -
# CAUSE: forget_a_little
# SENTENCE: `forget_a_little` drops 95 percent; the number is the share to DROP, not the share to keep: Dropout(0.05).
# FIX: LINE 14: t = L.Dropout(0.05, name="forget_a_little")(t)
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras import layers as L

blood = Input((18,), name="blood")
t = L.Dense(32, activation="relu", name="signs")(blood)
t = L.Dropout(0.95, name="forget_a_little")(t)
t = L.Dense(16, activation="relu", name="findings")(t)
anaemia = L.Dense(1, activation="sigmoid", name="anaemia")(t)
model = Model(blood, anaemia)
model.compile(optimizer="adam", loss="binary_crossentropy")
rng = np.random.default_rng(38)
x = rng.normal(size=(40, 18)).astype("float32")
y = rng.integers(0, 2, (40, 1))
