# FAMILY: fit
# LINE: 34
# CAUSE: sparse_categorical_crossentropy
# TEACHER: The labels are one-hot; use categorical_crossentropy, or keep the integers for the
#   sparse loss.

import numpy as np
from keras import Model
from keras.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from keras.utils import to_categorical


def load_digits(n=50, seed=2):
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 256, (n, 14, 14, 1)) / 255.0
    return pictures, rng.integers(0, 10, n)


def lenet():
    i = Input((14, 14, 1))
    o = Conv2D(6, 3, activation="tanh", padding="same")(i)
    o = MaxPooling2D()(o)
    o = Conv2D(16, 3, activation="tanh")(o)
    o = Flatten()(o)
    o = Dense(10, activation="softmax")(o)
    return Model(i, o)


pixels, digits = load_digits()
digits = to_categorical(digits, 10)

net = lenet()
net.compile("sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = net.fit(pixels, digits, validation_split=0.2, epochs=1, verbose=0)
