# FAMILY: merge
# LINE: 24
# CAUSE: up1
# TEACHER: up1 makes 29 pixels out of 14 because its padding is "valid"; with padding="same" it
#   gives 28 and fits the skip.

import keras
from keras import layers as L


def conv(x, f):
    return L.Conv2D(f, 3, padding="same", activation="relu")(x)


def unet(size=28):
    image = keras.Input((size, size, 1))
    e1 = conv(image, 8)
    e2 = conv(L.MaxPooling2D(2)(e1), 16)
    bridge = conv(L.MaxPooling2D(2)(e2), 32)

    up2 = L.Conv2DTranspose(16, 2, strides=2, padding="same", name="up2")(bridge)
    d2 = conv(L.concatenate([up2, e2]), 16)
    up1 = L.Conv2DTranspose(8, 3, strides=2, name="up1")(d2)
    d1 = conv(L.concatenate([up1, e1]), 8)
    return keras.Model(image, L.Conv2D(1, 1, activation="sigmoid")(d1))


unet().compile("adam", "binary_crossentropy")
