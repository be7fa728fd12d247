# FAMILY: silent
# LINE: -
# CAUSE: left
# SENTENCE: The same Input stands twice in the list, so the second array is never read.
# FIX: right = keras.Input((8,))
import keras
from keras import layers

left = keras.Input((8,), name="left")
both = layers.Concatenate()([left, left])
model = keras.Model([left, left], layers.Dense(1)(both))
