# FAMILY: fit
# LINE: 33
# CAUSE: to_categorical
# TEACHER: to_categorical counts the classes it sees, and class 5 is not in this sample: pass
#   num_classes=6.

import keras
import numpy as np
from keras import layers
from keras.utils import to_categorical

CLASSES = ["walk", "run", "sit", "stand", "lie", "climb"]
rng = np.random.default_rng(28)


def read_subject(n):
    signal = rng.normal(size=(n, 50, 3)).astype("float32")
    activity = rng.choice([0, 1, 2, 3, 4], size=n)
    return signal, activity


x_train, activity = read_subject(64)
y_train = to_categorical(activity)

accel = keras.Input(shape=(50, 3), name="accel")
z = layers.Conv1D(12, 5, strides=2, activation="relu")(accel)
z = layers.Conv1D(12, 5, strides=2, activation="relu")(z)
z = layers.GlobalAveragePooling1D()(z)
activity_prob = layers.Dense(len(CLASSES), activation="softmax", name="activity")(z)

har = keras.Model(accel, activity_prob)
har.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
har.fit(x_train, y_train, batch_size=16, epochs=1, verbose=0)
