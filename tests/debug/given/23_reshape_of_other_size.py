# FAMILY: shape
# LINE: 10
# CAUSE: maps
# SENTENCE: Reshape keeps the number of values, and 173056 are not 40.
# FIX: a Dense(40) first
import keras
from keras import layers

maps = keras.Input((13, 13, 1024), name="maps")
grid = layers.Reshape((4, 10))(maps)
model = keras.Model(maps, grid)
