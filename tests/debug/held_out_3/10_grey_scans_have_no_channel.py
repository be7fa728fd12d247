# FAMILY: input
# LINE: 16
# CAUSE: xray
# TEACHER: The grey images are 2-D: xray needs a channel axis, Input((32, 32, 1)).

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(5)
scans = rng.random((40, 32, 32)).astype("float32")
ill = rng.integers(0, 2, 40)


def add_stage(t, filters):
    t = layers.Conv2D(filters, 3, padding="same", activation="relu")(t)
    return layers.MaxPooling2D()(t)


def make_model(image_shape):
    xray = keras.Input(shape=image_shape, name="xray")
    t = layers.Rescaling(2.0, offset=-1.0)(xray)
    for filters in [8, 16, 32]:
        t = add_stage(t, filters)
    t = layers.Flatten()(t)
    t = layers.Dense(32, activation="relu")(t)
    return keras.Model(xray, layers.Dense(1, activation="sigmoid")(t))


detector = make_model(scans.shape[1:])
detector.compile("adam", "binary_crossentropy", metrics=["accuracy"])
detector.fit(scans, ill, epochs=1, verbose=0)
