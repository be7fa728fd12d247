# FAMILY: shape
# LINE: 18
# CAUSE: depth
# TEACHER: first_conv got its weights for the 3 channels of colour; depth has 1 channel and needs a
#   convolution of its own.

import keras
from keras import layers


class TwoEyes:
    def __init__(self, filters=8):
        self.first_conv = layers.Conv2D(filters, 5, strides=2, activation="relu")
        self.second_conv = layers.Conv2D(2 * filters, 3, strides=2, activation="relu")
        self.pool = layers.GlobalAveragePooling2D()

    def look(self, picture):
        return self.pool(self.second_conv(self.first_conv(picture)))

    def model(self):
        colour = keras.Input((40, 40, 3), name="colour")
        depth = keras.Input((40, 40, 1), name="depth")
        seen = layers.concatenate([self.look(colour), self.look(depth)])
        grip = layers.Dense(4, name="grip")(layers.Dense(16, activation="relu")(seen))
        return keras.Model([colour, depth], grip)


robot = TwoEyes().model()
robot.compile("adam", "mse")
