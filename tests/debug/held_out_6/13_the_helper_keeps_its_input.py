# FAMILY: graph
# LINE: 27
# CAUSE: inp
# TEACHER: sensor_branch makes an Input of its own (inp) and keeps it; the Model gets others that
#   lead nowhere. Return inp as well, or hand the Input over as an argument.

import keras
from keras import layers


def sensor_branch(length, channels):
    inp = keras.Input(shape=(length, channels))
    x = layers.Conv1D(8, 5, activation="relu")(inp)
    x = layers.MaxPooling1D(4)(x)
    x = layers.Conv1D(16, 3, activation="relu")(x)
    return layers.GlobalMaxPooling1D()(x)


accelerometer = sensor_branch(100, 3)
gyroscope = sensor_branch(100, 3)
both = layers.concatenate([accelerometer, gyroscope])
both = layers.Dense(16, activation="relu")(both)
activity = layers.Dense(6, activation="softmax")(both)

acc_in = keras.Input(shape=(100, 3), name="accelerometer")
gyro_in = keras.Input(shape=(100, 3), name="gyroscope")
model = keras.Model(inputs=[acc_in, gyro_in], outputs=activity)
model.compile("adam", "sparse_categorical_crossentropy")
