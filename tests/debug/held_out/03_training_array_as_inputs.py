# WANT: tell the model which data goes in
# FAMILY: values
# LINE: 17
# CAUSE: x_train
# SENTENCE: `inputs=` takes the symbolic Input `patient`; the array `x_train` belongs in fit.
# FIX: LINE 17: model = k.Model(inputs=patient, outputs=risk)
import keras as k
import numpy as np

rng = np.random.default_rng(3)
x_train = rng.normal(size=(20, 7)).astype("float32")
y_train = rng.integers(0, 2, size=(20, 1))

patient = k.Input(shape=(7,), name="patient")
hidden = k.layers.Dense(12, activation="relu")(patient)
risk = k.layers.Dense(1, activation="sigmoid", name="risk")(hidden)
model = k.Model(inputs=x_train, outputs=risk)
model.compile(optimizer="adam", loss="binary_crossentropy")
