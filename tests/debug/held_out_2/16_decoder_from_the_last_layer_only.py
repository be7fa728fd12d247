# WANT: cut the decoder out of an autoencoder
# FAMILY: graph
# LINE: 18
# CAUSE: rebuilt
# SENTENCE: `rebuilt` was made for 16 values and gets the 4 of the code: the decoder has two layers, so `widen` must be called before `rebuilt`.
# FIX: LINE 18: decoder = keras.Model(code_in, autoencoder.layers[-1](autoencoder.layers[-2](code_in)))
# ruff: noqa: E501
import keras
from keras import layers

digits = keras.Input((30,), name="digits")
x = layers.Dense(16, activation="relu", name="narrow")(digits)
code = layers.Dense(4, activation="relu", name="code")(x)
x = layers.Dense(16, activation="relu", name="widen")(code)
again = layers.Dense(30, activation="sigmoid", name="rebuilt")(x)
autoencoder = keras.Model(digits, again)
code_in = keras.Input((4,), name="code_in")
decoder = keras.Model(code_in, autoencoder.layers[-1](code_in))
