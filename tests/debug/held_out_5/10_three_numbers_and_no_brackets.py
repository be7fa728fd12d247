# FAMILY: input
# LINE: 14
# CAUSE: shape
# TEACHER: Input(32, 32, 3) reads 32 as the shape and the rest as other arguments; the shape is one
#   tuple, shape=(32, 32, 3).

import keras
from keras import layers

IMG = 32


def cnn(n_classes):
    picture = layers.Input(IMG, IMG, 3)
    x = layers.Rescaling(1.0 / 255)(picture)
    for width in [8, 16]:
        x = layers.Conv2D(width, 3, activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    label = layers.Dense(n_classes, activation="softmax")(x)
    return keras.Model(picture, label)


net = cnn(10)
net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
