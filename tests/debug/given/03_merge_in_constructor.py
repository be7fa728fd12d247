# FAMILY: values
# LINE: 12
# CAUSE: merged
# SENTENCE: The tensors went to the constructor, so `merged` is a layer and not their join.
# FIX: merged = layers.Concatenate()([age, place])
import keras
from keras import layers

age = keras.Input((8,))
place = keras.Input((4,))
merged = layers.Concatenate([age, place])
price = layers.Dense(1)(merged)
