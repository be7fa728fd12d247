# WANT: train an autoencoder and keep its encoder
# FAMILY: fit
# LINE: 19
# CAUSE: autoencoder
# SENTENCE: `encoder` was compiled but `autoencoder` is the one that is trained: compile the autoencoder.
# FIX: LINE 16: autoencoder.compile(optimizer="adam", loss="mse")
# ruff: noqa: E501
import keras as k
import numpy as np

spectrum = k.Input((20,), name="spectrum")
code = k.layers.Dense(4, activation="relu", name="code")(spectrum)
back = k.layers.Dense(20, name="back")(code)
encoder = k.Model(spectrum, code, name="encoder")
autoencoder = k.Model(spectrum, back, name="autoencoder")
encoder.compile(optimizer="adam", loss="mse")

x = np.random.default_rng(7).normal(size=(16, 20))
autoencoder.fit(x, x, epochs=2, verbose=0)
