# FAMILY: input
# LINE: 10
# CAUSE: digit
# SENTENCE: The picture has no channel axis, which Conv2D needs.
# FIX: digit = keras.Input((28, 28, 1))
import keras
from keras import layers

digit = keras.Input((28, 28), name="digit")
y = layers.Conv2D(8, 3)(digit)
model = keras.Model(digit, y)
