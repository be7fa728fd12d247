# FAMILY: sequence
# LINE: 11
# CAUSE: first
# SENTENCE: The first LSTM returns its last step only; the second needs all of them.
# FIX: return_sequences=True
import keras
from keras import layers

series = keras.Input((20, 4))
y = layers.LSTM(32, name="first")(series)
y = layers.LSTM(16)(y)
model = keras.Model(series, y)
