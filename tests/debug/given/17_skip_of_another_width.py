# FAMILY: merge
# LINE: 11
# CAUSE: y
# SENTENCE: The block changed the channels from 16 to 32, the shortcut did not.
# FIX: out = layers.Add()([layers.Conv2D(32, 1)(picture), y])
import keras
from keras import layers

picture = keras.Input((32, 32, 16))
y = layers.Conv2D(32, 3, padding="same")(picture)
out = layers.Add()([picture, y])
model = keras.Model(picture, out)
