# FAMILY: silent
# LINE: -
# CAUSE: extra
# SENTENCE: `extra` reaches no output.
# FIX: connect it or leave it out
import keras
from keras import layers

given = keras.Input((8,), name="given")
extra = keras.Input((3,), name="extra")
model = keras.Model([given, extra], layers.Dense(1)(given))
