# FAMILY: fit
# LINE: 15
# CAUSE: right
# SENTENCE: The model has two inputs and got one array.
# FIX: model.fit([xl, xr], y)
import keras
import numpy as np
from keras import layers

left = keras.Input((8,), name="left")
right = keras.Input((8,), name="right")
model = keras.Model([left, right], layers.Dense(1)(layers.Add()([left, right])))
model.compile(loss="mse")
rows = np.zeros((16, 8))
model.fit(rows, np.zeros((16, 1)), verbose=0)
