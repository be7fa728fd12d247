# FAMILY: silent
# LINE: 27
# CAUSE: final_drop
# TEACHER: final_drop follows right after the dropout of the last block: a quarter of the values is
#   left where half was meant. Take one of the two away.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(36)
x = rng.normal(size=(80, 20)).astype("float32")
y = rng.integers(0, 4, size=(80,))


def block(t, units, number):
    t = layers.Dense(units, name=f"dense_{number}")(t)
    t = layers.BatchNormalization(name=f"norm_{number}")(t)
    t = layers.Activation("relu", name=f"relu_{number}")(t)
    return layers.Dropout(0.5, name=f"drop_{number}")(t)


row = keras.Input((20,), name="row")
t = row
for number, units in enumerate((48, 24), start=1):
    t = block(t, units, number)
t = layers.Dropout(0.5, name="final_drop")(t)
grade = layers.Dense(4, activation="softmax", name="grade")(t)

model = keras.Model(row, grade)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
