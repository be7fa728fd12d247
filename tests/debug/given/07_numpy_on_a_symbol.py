# FAMILY: values
# LINE: 12
# CAUSE: y
# SENTENCE: NumPy needs values, and `y` has none yet; keras.ops.log takes symbols.
# FIX: z = keras.ops.log(y)
import keras
import numpy as np
from keras import layers

given = keras.Input((8,))
y = layers.Dense(16, activation="softplus")(given)
z = np.log(y)
model = keras.Model(given, z)
