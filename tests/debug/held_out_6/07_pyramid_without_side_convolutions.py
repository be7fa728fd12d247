# FAMILY: merge
# LINE: 25
# CAUSE: skip
# TEACHER: top has 32 channels and skip 16: Add needs the same; put a 1x1 convolution to 32 filters
#   on every skip (the lateral connection).

import keras
from keras import layers

image = keras.Input((64, 64, 3))

stages = []
x = image
for filters in (8, 16, 32):
    x = layers.Conv2D(filters, 3, strides=2, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    stages.append(x)

# top-down: from the coarse map back to the fine ones
top = stages[-1]
pyramid = [top]
for skip in reversed(stages[:-1]):
    top = layers.UpSampling2D(2)(top)
    top = layers.Add()([top, skip])
    pyramid.append(layers.Conv2D(32, 3, padding="same")(top))

heads = [layers.Conv2D(5, 1, activation="sigmoid")(level) for level in pyramid]
detector = keras.Model(image, heads)
