# FAMILY: silent
# LINE: 24
# CAUSE: forget
# TEACHER: forget is called with training=True, so it drops values in predict as well and every
#   prediction is another one; leave training out.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(37)
x = rng.normal(size=(64, 30, 2)).astype("float32")
y = rng.integers(0, 2, size=(64, 1)).astype("float32")


class FallDetector:
    def __init__(self, filters=12):
        self.filters = filters

    def __call__(self, motion):
        m = layers.Conv1D(self.filters, 5, activation="relu", name="jerks")(motion)
        m = layers.MaxPooling1D(2, name="coarse")(m)
        m = layers.Flatten(name="flat")(m)
        m = layers.Dropout(0.4, name="forget")(m, training=True)
        return layers.Dense(1, activation="sigmoid", name="fall")(m)


motion = keras.Input((30, 2), name="motion")
model = keras.Model(motion, FallDetector()(motion))
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
