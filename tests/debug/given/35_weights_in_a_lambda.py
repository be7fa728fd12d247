# FAMILY: silent
# LINE: -
# CAUSE: inner
# SENTENCE: The Dense in the Lambda is in no list of weights and never trains.
# FIX: y = inner(given)
import keras
from keras import layers

given = keras.Input((8,))
inner = layers.Dense(16, name="inner")
inner.build((None, 8))
y = layers.Lambda(lambda values: inner(values))(given)
model = keras.Model(given, layers.Dense(1)(y))
