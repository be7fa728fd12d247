# WANT: three heads with their own losses
# FAMILY: fit
# LINE: 20
# CAUSE: wind
# SENTENCE: the loss dict names `rain` and `sun` but not the output `wind`: every output needs its loss (or None).
# FIX: LINE 19: model.compile(optimizer="adam", loss={"rain": "mse", "sun": "mae", "wind": "mse"})
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras.layers import Dense

names = ("rain", "sun", "wind")
x = np.random.default_rng(8).normal(size=(18, 6))
y = {name: x[:, i : i + 1] for i, name in enumerate(names)}

station = Input(shape=(6,), name="station")
hidden = Dense(12, activation="tanh")(station)
model = Model(station, [Dense(1, name=name)(hidden) for name in names])
model.compile(optimizer="adam", loss={"rain": "mse", "sun": "mae"})
model.fit(x, y, verbose=0)
