# WANT: look at what the hidden layer computes while building the model
# FAMILY: values
# LINE: 16
# CAUSE: hidden
# SENTENCE: `hidden` has no values while the model is being built, only a shape: make a Model that ends at `hidden` and call predict on data.
# FIX: LINE 16: print(keras.Model(flower, hidden).predict(rows, verbose=0).mean())
# ruff: noqa: E501
import keras
import numpy as np
from keras.layers import Dense

rng = np.random.default_rng(2)
rows = rng.normal(size=(12, 4)).astype("float32")
flower = keras.Input(shape=(4,), name="flower")
hidden = Dense(6, activation="relu", name="first_hidden")(flower)
print(hidden.numpy().mean())
species = Dense(3, activation="softmax", name="species")(hidden)
model = keras.Model(flower, species)
