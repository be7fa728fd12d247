# FAMILY: silent
# LINE: 22
# CAUSE: tile
# TEACHER: tile is (3, 32, 32), the channels in front, and the convolution takes it for 3 by 32
#   pixels of 32 channels; transpose it.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(37)
x = rng.random((40, 3, 32, 32)).astype("float32")
y = rng.integers(0, 5, size=(40,))


def conv_bn(t, filters):
    t = layers.Conv2D(filters, 3, padding="same", use_bias=False)(t)
    t = layers.BatchNormalization()(t)
    return layers.Activation("relu")(t)


tile = keras.Input(x.shape[1:], name="tile")
t = conv_bn(tile, 16)
t = conv_bn(t, 16)
t = layers.GlobalAveragePooling2D()(t)
land_use = layers.Dense(5, activation="softmax", name="land_use")(t)

model = keras.Model(tile, land_use, name="satellite")
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
