# FAMILY: silent
# LINE: 24
# CAUSE: NaN
# TEACHER: x has NaN where a value was not measured, and one NaN makes every loss NaN: fill or
#   drop them first.

import keras
import numpy as np
from keras import layers

CSV = """
age,glucose,insulin,bmi,sick
50,148,,33.6,1
31,85,94,26.6,0
32,183,,23.3,1
21,89,94,28.1,0
33,137,168,43.1,1
30,116,88,25.6,0
26,78,88,31.0,1
29,115,,35.3,0
"""
table = np.genfromtxt(CSV.strip().splitlines(), delimiter=",", skip_header=1)
spread = np.array([40.0, 150.0, 150.0, 35.0])
x = (table[:, :4] / spread).astype("float32")
y = table[:, 4:].astype("float32")

patient = keras.Input(shape=(4,), name="patient")
h = layers.Dense(12, activation="relu")(patient)
h = layers.Dense(8, activation="relu")(h)
risk = layers.Dense(1, activation="sigmoid", name="risk")(h)

model = keras.Model(patient, risk)
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
