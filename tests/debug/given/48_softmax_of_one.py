# FAMILY: silent
# LINE: -
# CAUSE: softmax
# SENTENCE: A softmax over one unit is always 1.
# FIX: sigmoid
import keras
from keras import layers

given = keras.Input((8,))
model = keras.Model(given, layers.Dense(1, activation="softmax")(given))
model.compile(loss="binary_crossentropy")
