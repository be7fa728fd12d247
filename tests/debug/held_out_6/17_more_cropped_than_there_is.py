# FAMILY: shape
# LINE: 22
# CAUSE: crop
# TEACHER: Cropping crop = 20 on each side takes 40 of the 32 pixels of skip; crop must be
#   (32 - 24) // 2 = 4.

import keras
from keras import layers

scan = keras.Input((36, 36, 1))

# way down, without padding as in the first paper
a = layers.Conv2D(8, 3, activation="relu")(scan)
skip = layers.Conv2D(8, 3, activation="relu")(a)
b = layers.MaxPooling2D()(skip)
b = layers.Conv2D(16, 3, activation="relu")(b)
b = layers.Conv2D(16, 3, activation="relu")(b)

# way up
up = layers.Conv2DTranspose(8, 2, strides=2)(b)
crop = skip.shape[1] - b.shape[1]
skip = layers.Cropping2D(crop)(skip)
c = layers.Concatenate()([up, skip])
c = layers.Conv2D(8, 3, activation="relu")(c)
mask = layers.Conv2D(2, 1, activation="softmax")(c)

unet = keras.Model(scan, mask)
