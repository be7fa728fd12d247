# FAMILY: input
# LINE: 9
# CAUSE: 32
# SENTENCE: (32) is the number 32; a shape of one axis is written (32,).
# FIX: given = keras.Input(shape=(32,))
import keras
from keras import layers

given = keras.Input(shape=(32))
model = keras.Model(given, layers.Dense(2)(given))
