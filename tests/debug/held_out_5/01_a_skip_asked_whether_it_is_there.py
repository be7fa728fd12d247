# FAMILY: values
# LINE: 13
# CAUSE: skip
# TEACHER: skip is a symbolic tensor and cannot answer yes or no; ask `if skip is not None`.

import keras
from keras import layers


def up_block(x, filters, skip=None):
    x = layers.UpSampling2D(2)(x)
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    if skip:
        x = layers.Concatenate()([x, skip])
    return x


scan = keras.Input(shape=(32, 32, 1), name="scan")
c1 = layers.Conv2D(8, 3, padding="same", activation="relu")(scan)
p1 = layers.MaxPooling2D()(c1)
c2 = layers.Conv2D(16, 3, padding="same", activation="relu")(p1)
p2 = layers.MaxPooling2D()(c2)
u1 = up_block(p2, 16, skip=c2)
u2 = up_block(u1, 8)
mask = layers.Conv2D(1, 1, activation="sigmoid")(u2)
segmenter = keras.Model(scan, mask)
