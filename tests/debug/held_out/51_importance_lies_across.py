# WANT: weigh every time step of a signal
# FAMILY: silent
# LINE: -
# CAUSE: importance
# SENTENCE: the signal is (12, 1) and `importance` is (1, 12): the product is a 12 x 12 table instead of 12 weighted steps.
# FIX: LINE 14: importance = layers.Reshape((12, 1), name="importance")(scores)
# ruff: noqa: E501
import keras
import numpy as np
from keras import layers

pulse = keras.Input((12, 1), name="pulse")
scores = layers.Dense(12, activation="softmax", name="scores")(layers.Flatten()(pulse))
importance = layers.Reshape((1, 12), name="importance")(scores)
weighed = layers.Multiply(name="weighed")([pulse, importance])
rate = layers.Dense(1, name="rate")(layers.GlobalAveragePooling1D()(weighed))
model = keras.Model(inputs=pulse, outputs=rate)
model.compile(optimizer="adam", loss="mse")
rng = np.random.default_rng(51)
x = rng.normal(size=(16, 12, 1))
y = x.mean(axis=1)
