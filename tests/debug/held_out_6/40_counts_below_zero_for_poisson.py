# FAMILY: silent
# LINE: 25
# CAUSE: visits
# TEACHER: The poisson loss takes the logarithm of visits, and a linear unit gives values below
#   zero: the loss becomes NaN. visits needs an exponential or softplus activation.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(40)
x = rng.normal(size=(100, 6)).astype("float32")
y = rng.poisson(3.0, size=(100, 1)).astype("float32")

patient = keras.Input(shape=(6,), name="patient")
branch = {
    kind: layers.Dense(12, activation=kind, name=f"{kind}_part")(patient)
    for kind in ("relu", "tanh")
}
both = layers.concatenate(list(branch.values()), name="both")
both = layers.Dense(8, activation="relu", name="mixed")(both)
visits = layers.Dense(1, name="visits")(both)

model = keras.Model(patient, visits)
model.compile(optimizer="adam", loss="poisson")
