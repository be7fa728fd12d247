# FAMILY: silent
# LINE: 16
# CAUSE: channels_first
# TEACHER: The Reshape named channels_first does not swap the axes, it deals the values out anew and
#   mixes time and channel; use Permute((2, 1)).

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(38)
x = rng.normal(size=(50, 40, 6)).astype("float32")
y = rng.integers(0, 3, size=(50,))

eeg = keras.Input((40, 6), name="eeg")
swapped = layers.Reshape((6, 40), name="channels_first")(eeg)
per_channel = layers.Dense(12, activation="relu", name="per_channel")(swapped)
mixed = layers.Flatten()(per_channel)
mixed = layers.Dense(16, activation="relu")(mixed)
sleep_stage = layers.Dense(3, activation="softmax", name="sleep_stage")(mixed)

model = keras.Model(eeg, sleep_stage)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
