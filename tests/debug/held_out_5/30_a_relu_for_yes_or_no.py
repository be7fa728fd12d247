# FAMILY: silent
# LINE: 18
# CAUSE: spam
# TEACHER: spam ends in a relu, which is no probability, and binary_crossentropy wants one; use
#   a sigmoid.

import keras
import numpy as np
from keras import layers


def dense_net(width, hidden, activation="relu"):
    mail = keras.Input((width,), name="mail")
    z = mail
    for units in hidden:
        z = layers.Dense(units, activation=activation)(z)
        z = layers.Dropout(0.2)(z)
    spam = layers.Dense(1, activation=activation, name="spam")(z)
    return keras.Model(mail, spam)


rng = np.random.default_rng(30)
x = rng.random((200, 40)).astype("float32")
y = rng.integers(0, 2, size=(200, 1)).astype("float32")

model = dense_net(40, hidden=(24, 12))
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
