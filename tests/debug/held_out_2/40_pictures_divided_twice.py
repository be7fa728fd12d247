# WANT: recognise road signs from photos scaled to 0..1
# FAMILY: silent
# LINE: -
# CAUSE: to_unit
# SENTENCE: the pictures are divided by 255 already and `to_unit` divides once more, so all pixels are below 0.004: scale in one place only.
# FIX: LINE 20: x = rng.integers(0, 256, (16, 20, 20, 3)).astype("float32")
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras import layers as L

sign = Input((20, 20, 3), name="sign")
t = L.Rescaling(1 / 255, name="to_unit")(sign)
t = L.Conv2D(8, 3, activation="relu", name="outline")(t)
t = L.MaxPooling2D(4)(t)
t = L.Flatten()(t)
model = Model(sign, L.Dense(6, activation="softmax", name="meaning")(t))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
rng = np.random.default_rng(40)
x = rng.integers(0, 256, (16, 20, 20, 3)).astype("float32") / 255
y = rng.integers(0, 6, 16)
