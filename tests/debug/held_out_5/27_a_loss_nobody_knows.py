# FAMILY: fit
# LINE: 22
# CAUSE: mean_square_error
# TEACHER: There is no loss of the name mean_square_error; it is spelt mean_squared_error.

import keras
import numpy as np
from keras import layers

SEED = 27


def train(features, target, loss="mean_square_error"):
    keras.utils.set_random_seed(SEED)
    entry = keras.Input((features.shape[1],))
    x = entry
    for units in (16, 8):
        x = layers.Dense(units, activation="relu")(x)
    yhat = layers.Dense(1, name="consumption")(x)
    net = keras.Model(entry, yhat)
    net.compile(optimizer="adam", loss=loss)
    net.fit(features, target, epochs=1, verbose=0)
    return net


rng = np.random.default_rng(SEED)
net = train(rng.normal(size=(60, 5)), rng.normal(size=(60, 1)))
