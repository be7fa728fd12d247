# FAMILY: graph
# LINE: 12
# CAUSE: price
# SENTENCE: The output needs `price` too, which is not among the inputs.
# FIX: keras.Model([size, price], out)
import keras
from keras import layers

size = keras.Input((8,), name="size")
price = keras.Input((8,), name="price")
out = layers.Add()([layers.Dense(4)(size), layers.Dense(4)(price)])
model = keras.Model(size, out)
