# WANT: tell fraud from honest payments
# FAMILY: silent
# LINE: -
# CAUSE: fraud
# SENTENCE: the targets are -1 and 1, but `fraud` is a sigmoid with binary_crossentropy and needs 0 and 1: y = (y + 1) / 2.
# FIX: LINE 19: y = np.where(x[:, :1] > 0, 1.0, 0.0)
# ruff: noqa: E501
import keras
import numpy as np
from keras import layers

payment = keras.Input((10,), name="payment")
t = layers.Dense(16, activation="relu", name="habits")(payment)
fraud = layers.Dense(1, activation="sigmoid", name="fraud")(t)
model = keras.Model(payment, fraud)
model.compile(optimizer="adam", loss="binary_crossentropy")
rng = np.random.default_rng(39)
x = rng.normal(size=(60, 10)).astype("float32")
y = np.where(x[:, :1] > 0, 1.0, -1.0)
