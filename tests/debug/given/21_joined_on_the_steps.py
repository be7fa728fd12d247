# FAMILY: merge
# LINE: 11
# CAUSE: axis
# SENTENCE: axis=1 joins steps, and what differs are the features.
# FIX: axis=-1
import keras
from keras import layers

sound = keras.Input((10, 8))
words = keras.Input((10, 4))
out = layers.Concatenate(axis=1)([sound, words])
model = keras.Model([sound, words], out)
