# FAMILY: shape
# LINE: 16
# CAUSE: sensors
# TEACHER: Conv1D slides over (steps, channels) and sensors is one flat row of 30; declare it as
#   (30, 1) or reshape it.

import numpy as np
from keras import Input, Model
from keras.layers import Conv1D, Dense, Flatten, MaxPooling1D

rng = np.random.default_rng(20)
table = rng.normal(size=(64, 30)).astype("float32")
fault = rng.integers(0, 2, size=(64,))

sensors = Input(shape=(table.shape[1],), name="sensors")
z = Conv1D(filters=8, kernel_size=3, activation="relu")(sensors)
z = MaxPooling1D(pool_size=2)(z)
z = Flatten()(z)
z = Dense(8, activation="relu")(z)
alarm = Dense(1, activation="sigmoid")(z)

detector = Model(sensors, alarm)
detector.compile("adam", "binary_crossentropy")
detector.fit(table, fault, verbose=0)
