# WANT: a picture cleaner of four convolutions, one after the other
# FAMILY: silent
# LINE: -
# CAUSE: clean
# SENTENCE: `clean` is made once and called four times, so all four steps share one set of weights: make a new layer inside the loop.
# FIX: LINE 13: def clean(t): return L.Conv2D(8, 3, padding="same", activation="relu")(t)
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras import layers as L

noisy = Input((16, 16, 8), name="noisy")
clean = L.Conv2D(8, 3, padding="same", activation="relu", name="clean")
t = noisy
for _ in range(4):
    t = clean(t)
model = Model(noisy, L.Conv2D(8, 1, name="clear")(t))
model.compile(optimizer="adam", loss="mse")
rng = np.random.default_rng(31)
x = rng.random((12, 16, 16, 8)).astype("float32")
y = x * 0.5
