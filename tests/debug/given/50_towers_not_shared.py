# FAMILY: silent
# LINE: -
# CAUSE: weights
# SENTENCE: The two towers are alike and have weights of their own.
# FIX: one encoder for both
import keras
from keras import layers


def tower():
    given = keras.Input((8,))
    return keras.Model(given, layers.Dense(4)(given))


one = keras.Input((8,), name="one")
two = keras.Input((8,), name="two")
model = keras.Model([one, two], layers.Subtract()([tower()(one), tower()(two)]))
