# FAMILY: shape
# LINE: 22
# CAUSE: Permute
# TEACHER: Permute leaves the batch axis out and counts from 1: Permute((2, 1)) swaps time and
#   sensors.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(8)
recordings = rng.normal(size=(32, 50, 6)).astype("float32")
activity = rng.integers(0, 4, size=32)

sensors = keras.Input((50, 6), name="sensors")

# over time
over_time = layers.Conv1D(16, 5, activation="relu")(sensors)
over_time = layers.GlobalMaxPooling1D()(over_time)

# over the sensors: swap the two axes, keep the batch
swapped = layers.Permute((0, 2, 1))(sensors)
over_sensors = layers.Conv1D(16, 3, activation="relu")(swapped)
over_sensors = layers.GlobalMaxPooling1D()(over_sensors)

both = layers.concatenate([over_time, over_sensors])
label = layers.Dense(4, activation="softmax")(both)
har = keras.Model(sensors, label)
har.compile("adam", "sparse_categorical_crossentropy")
har.fit(recordings, activity, epochs=1, verbose=0)
