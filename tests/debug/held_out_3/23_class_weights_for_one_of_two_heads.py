# FAMILY: fit
# LINE: 26
# CAUSE: class_weight
# TEACHER: class_weight only works with a single output; give sample_weight per output instead.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(77)
calls = rng.normal(size=(160, 14)).astype("float32")
fraud = (rng.random((160, 1)) < 0.1).astype("int32")
amount = rng.normal(size=(160, 1)).astype("float32")

features = keras.Input((14,))
trunk = layers.Dense(32, activation="relu")(features)
trunk = layers.Dense(16, activation="relu")(trunk)
fraud_head = layers.Dense(1, activation="sigmoid", name="fraud")(trunk)
amount_head = layers.Dense(1, name="amount")(trunk)

net = keras.Model(features, [fraud_head, amount_head])
net.compile("adam", loss={"fraud": "binary_crossentropy", "amount": "mse"})

share = float(fraud.mean())
weights = {"fraud": {0: 1.0, 1: (1 - share) / share}}
net.fit(
    calls,
    {"fraud": fraud, "amount": amount},
    class_weight=weights,
    epochs=1,
    verbose=0,
)
