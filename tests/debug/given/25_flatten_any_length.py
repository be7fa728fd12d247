# FAMILY: shape
# LINE: 11
# CAUSE: flat
# SENTENCE: The length is unknown, so Flatten cannot say how many values there are.
# FIX: GlobalAveragePooling1D
import keras
from keras import layers

steps = keras.Input((None, 8))
flat = layers.Flatten(name="flat")(steps)
out = layers.Dense(1)(flat)
model = keras.Model(steps, out)
