# FAMILY: fit
# LINE: 30
# CAUSE: compile
# TEACHER: compile was called on student only; second is another model and needs its own compile
#   before evaluate.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(25)
x = rng.normal(size=(64, 10)).astype("float32")
y = (x[:, 0] + x[:, 3] > 0).astype("float32")


def network():
    row = keras.Input((10,))
    h = layers.Dense(12, activation="relu")(row)
    h = layers.Dense(6, activation="relu")(h)
    return keras.Model(row, layers.Dense(1, activation="sigmoid")(h))


student = network()
student.compile("adam", "binary_crossentropy", metrics=["accuracy"])
student.fit(x, y, epochs=2, verbose=0)

# a second net with the same weights, as it would be after loading them from a file
second = network()
second.set_weights(student.get_weights())
loss, accuracy = second.evaluate(x, y, verbose=0)
print(f"{accuracy:.2f}")
