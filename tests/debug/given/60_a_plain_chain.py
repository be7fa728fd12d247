# FAMILY: silent
# LINE: -
# CAUSE: Sequential
# SENTENCE: Each layer has one input and one output: Sequential says the same in less.
# FIX: keras.Sequential([...])
import keras
from keras import layers

given = keras.Input((8,))
y = layers.Dense(16, activation="relu")(given)
y = layers.Dense(16, activation="relu")(y)
model = keras.Model(given, layers.Dense(1)(y))
