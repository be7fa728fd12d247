# FAMILY: values
# LINE: 11
# CAUSE: hidden
# SENTENCE: `hidden` is a layer that was never called on a tensor.
# FIX: hidden = layers.Dense(32, activation='relu')(given)
import keras
from keras import layers

given = keras.Input((8,), name="given")
hidden = layers.Dense(32, activation="relu")
score = layers.Dense(1)(hidden)
