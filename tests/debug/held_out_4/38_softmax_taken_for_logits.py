# FAMILY: silent
# LINE: 29
# CAUSE: from_logits
# TEACHER: The last layer has a softmax already, and from_logits=True takes it once more: one of
#   the two has to go.

import keras
import numpy as np
from keras import layers

SIDE, CLASSES = 32, 4
rng = np.random.default_rng(38)
x = rng.random((24, SIDE, SIDE, 3)).astype("float32")
y = rng.integers(0, CLASSES, size=(24, SIDE, SIDE))


def segmenter(filters):
    tile = keras.Input((SIDE, SIDE, 3), name="tile")
    a = layers.Conv2D(filters, 3, padding="same", activation="relu")(tile)
    b = layers.MaxPooling2D()(a)
    b = layers.Conv2D(2 * filters, 3, padding="same", activation="relu")(b)
    c = layers.UpSampling2D()(b)
    c = layers.Concatenate()([a, c])
    c = layers.Conv2D(filters, 3, padding="same", activation="relu")(c)
    land = layers.Conv2D(CLASSES, 1, activation="softmax", name="land_use")(c)
    return keras.Model(tile, land)


criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model = segmenter(8)
model.compile(keras.optimizers.RMSprop(1e-3), loss=criterion, metrics=["accuracy"])
