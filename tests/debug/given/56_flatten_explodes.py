# FAMILY: silent
# LINE: -
# CAUSE: flatten
# SENTENCE: Flatten makes 65536 values, and the next Dense holds nearly all weights.
# FIX: GlobalAveragePooling2D
import keras
from keras import layers

photo = keras.Input((64, 64, 3))
y = layers.Conv2D(16, 3, padding="same", activation="relu")(photo)
y = layers.Flatten()(y)
y = layers.Dense(64, activation="relu")(y)
model = keras.Model(photo, layers.Dense(10)(y))
