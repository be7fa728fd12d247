# FAMILY: silent
# LINE: 18
# CAUSE: mineral
# TEACHER: The dropout mineral comes after the softmax and throws away probabilities of the
#   answer; end with the Dense.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(37)
x = rng.random((90, 64)).astype("float32")
y = keras.utils.to_categorical(rng.integers(0, 6, size=90), num_classes=6)


def dense_block(x, units, rate, activation="relu", name=None):
    x = layers.Dense(units, activation=activation)(x)
    return layers.Dropout(rate, name=name)(x)


spectrum = keras.Input((64,), name="spectrum")
h = dense_block(spectrum, 48, 0.3)
h = dense_block(h, 24, 0.3)
mineral = dense_block(h, 6, 0.3, activation="softmax", name="mineral")

model = keras.Model(spectrum, mineral, name="raman")
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
