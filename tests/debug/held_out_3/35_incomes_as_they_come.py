# FAMILY: silent
# LINE: 18
# CAUSE: person
# TEACHER: The columns of person are raw (age, income, debt in tens of thousands): scale them
#   before the tanh layers.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(90)
age = rng.uniform(18, 80, 200)
income = rng.lognormal(10.5, 0.6, 200)
debt = rng.lognormal(9.0, 1.0, 200)
x = np.column_stack([age, income, debt]).astype("float32")
y = (debt / income > 0.3).astype("float32").reshape(-1, 1)

person = keras.Input((3,), name="person")
h = layers.Dense(24, activation="tanh", name="fc1")(person)
h = layers.Dense(12, activation="tanh", name="fc2")(h)
default = layers.Dense(1, activation="sigmoid", name="default")(h)

model = keras.Model(person, default)
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
