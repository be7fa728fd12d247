# WANT: a deep part that learns curves
# FAMILY: silent
# LINE: -
# CAUSE: fc1
# SENTENCE: `fc1`, `fc2` and `fc3` have no activation, so together they are one linear layer: give each activation="relu".
# FIX: LINE 16:     x = layers.Dense(units, activation="relu", name=f"fc{i}")(x)
# ruff: noqa: E501
import keras
import numpy as np
from keras import layers

soil = keras.Input((5,), name="soil")
site = keras.Input((3,), name="site")
x = layers.Concatenate()([soil, site])
for i, units in enumerate((32, 24, 16), start=1):
    x = layers.Dense(units, name=f"fc{i}")(x)
harvest = layers.Dense(1, name="harvest")(x)
model = keras.Model([soil, site], harvest)
model.compile(optimizer="adam", loss="mse")
rng = np.random.default_rng(54)
x = [rng.normal(size=(20, 5)), rng.normal(size=(20, 3))]
y = np.sin(x[0][:, :1])
