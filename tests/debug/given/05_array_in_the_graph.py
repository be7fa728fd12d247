# FAMILY: values
# LINE: 14
# CAUSE: rows
# SENTENCE: The branch starts from the array `rows`, which no input leads to.
# FIX: y = layers.Dense(32)(given)
import keras
import numpy as np
from keras import layers

rows = np.random.default_rng(0).random((16, 8)).astype("float32")
given = keras.Input((8,))
y = layers.Dense(32)(rows)
answer = layers.Dense(1)(y)
model = keras.Model(given, answer)
