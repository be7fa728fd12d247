# FAMILY: merge
# LINE: 20
# CAUSE: strides
# TEACHER: The block goes on with strides=2 and the shortcut does not; its 1-wide convolution needs
#   the same strides.

import keras
from keras import layers


def residual_block(x, filters, stride=1):
    shortcut = x
    y = layers.Conv1D(filters, 3, strides=stride, padding="same")(x)
    y = layers.BatchNormalization()(y)
    y = layers.ReLU()(y)
    y = layers.Conv1D(filters, 3, padding="same")(y)
    y = layers.BatchNormalization()(y)
    if shortcut.shape[-1] != filters:
        shortcut = layers.Conv1D(filters, 1, padding="same")(shortcut)
    y = layers.Add()([y, shortcut])
    return layers.ReLU()(y)


ecg = keras.Input((96, 1), name="ecg")
x = residual_block(ecg, 8)
for filters in (16, 32):
    x = residual_block(x, filters, stride=2)
x = layers.GlobalAveragePooling1D()(x)
rhythm = layers.Dense(4, activation="softmax")(x)
resnet = keras.Model(ecg, rhythm)
