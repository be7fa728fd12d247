# WANT: a network for pictures shrunk to half their side
# FAMILY: input
# LINE: 12
# CAUSE: half
# SENTENCE: `half` is 20.0, because / always gives a float, and a shape needs whole numbers: use //.
# FIX: LINE 11: half = side // 2
import keras
from keras import layers

side = 40
half = side / 2
thumbnail = keras.Input(shape=(half, half, 3), name="thumbnail")
x = layers.Conv2D(8, 3, activation="relu")(thumbnail)
x = layers.GlobalMaxPooling2D()(x)
model = keras.Model(thumbnail, layers.Dense(2, activation="softmax")(x))
