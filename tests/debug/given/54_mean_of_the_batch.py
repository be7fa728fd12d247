# FAMILY: silent
# LINE: -
# CAUSE: batch
# SENTENCE: axis=0 is the batch.
# FIX: axis=1
import keras
from keras import layers

steps = keras.Input((10, 8))
y = keras.ops.mean(layers.Dense(4)(steps), axis=0)
model = keras.Model(steps, y)
