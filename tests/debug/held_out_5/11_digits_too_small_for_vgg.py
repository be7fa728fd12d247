# FAMILY: input
# LINE: 13
# CAUSE: input_shape
# TEACHER: VGG16 halves five times and takes nothing below 32 by 32; enlarge the digits and give
#   input_shape=(32, 32, 3).

import keras
from keras import layers
from keras.applications import VGG16


def transfer_model(side, classes):
    base = VGG16(include_top=False, weights=None, input_shape=(side, side, 3))
    base.trainable = False
    digits = keras.Input((side, side, 1), name="digits")
    rgb = layers.Concatenate()([digits] * 3)
    maps = base(rgb)
    flat = layers.GlobalAveragePooling2D()(maps)
    out = layers.Dense(classes, activation="softmax")(flat)
    return keras.Model(digits, out)


mnist_model = transfer_model(28, 10)
