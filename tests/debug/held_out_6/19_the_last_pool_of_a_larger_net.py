# FAMILY: shape
# LINE: 26
# CAUSE: AveragePooling2D
# TEACHER: After two strides of 2 the map of a 16x16 picture is 4x4; AveragePooling2D(8) does not
#   fit on it, use GlobalAveragePooling2D.

import keras
from keras import layers


def unit(x, n, stride):
    y = layers.Conv2D(n, 3, strides=stride, padding="same", use_bias=False)(x)
    y = layers.BatchNormalization()(y)
    y = layers.ReLU()(y)
    y = layers.Conv2D(n, 3, padding="same", use_bias=False)(y)
    y = layers.BatchNormalization()(y)
    if stride > 1 or x.shape[-1] != n:
        x = layers.Conv2D(n, 1, strides=stride, use_bias=False)(x)
    return layers.ReLU()(layers.add([x, y]))


thumbnail = keras.Input(shape=(16, 16, 3))
t = layers.Conv2D(8, 3, padding="same")(thumbnail)
for n, stride in ((8, 1), (16, 2), (32, 2)):
    t = unit(t, n, stride)
t = layers.AveragePooling2D(8)(t)
t = layers.Flatten()(t)
logo = layers.Dense(12, activation="softmax")(t)

resnet = keras.Model(thumbnail, logo)
