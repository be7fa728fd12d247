# FAMILY: values
# LINE: 23
# CAUSE: predict
# TEACHER: Inside a model the backbone is called, backbone(photo); predict wants arrays of numbers,
#   and photo is only a placeholder.

import keras
from keras import layers


def small_backbone():
    inp = keras.Input((24, 24, 3))
    x = layers.Conv2D(8, 3, activation="relu")(inp)
    x = layers.Conv2D(16, 3, strides=2, activation="relu")(x)
    x = layers.GlobalMaxPooling2D()(x)
    return keras.Model(inp, x, name="backbone")


backbone = small_backbone()
backbone.trainable = False

photo = keras.Input((24, 24, 3), name="photo")
features = backbone.predict(photo)
x = layers.Dense(16, activation="relu")(features)
breed = layers.Dense(5, activation="softmax", name="breed")(x)
classifier = keras.Model(photo, breed)
