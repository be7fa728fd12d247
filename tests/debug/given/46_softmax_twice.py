# FAMILY: silent
# LINE: -
# CAUSE: softmax
# SENTENCE: The last layer is a softmax already, and the loss applies it again.
# FIX: from_logits=False
import keras
from keras import layers

given = keras.Input((8,))
model = keras.Model(given, layers.Dense(10, activation="softmax")(given))
model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
