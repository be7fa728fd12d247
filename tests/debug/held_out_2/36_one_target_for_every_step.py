# WANT: predict tomorrow's temperature from two weeks
# FAMILY: silent
# LINE: -
# CAUSE: days
# SENTENCE: `days` returns all 14 steps, so the model gives 14 answers per row and the one target is spread over them all: leave return_sequences out.
# FIX: LINE 13: t = L.LSTM(10, name="days")(weeks)
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras import layers as L

weeks = Input((14, 2), name="weeks")
t = L.LSTM(10, return_sequences=True, name="days")(weeks)
tomorrow = L.Dense(1, name="tomorrow")(t)
model = Model(weeks, tomorrow)
model.compile(optimizer="adam", loss="mse")
rng = np.random.default_rng(36)
x = rng.normal(size=(32, 14, 2)).astype("float32")
y = x[:, -1, :1] * 0.8
