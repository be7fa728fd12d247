# FAMILY: silent
# LINE: 16
# CAUSE: asymmetric
# TEACHER: In asymmetric, y_true[:, 0] is (batch,) and y_pred (batch, 1): the difference is a
#   batch by batch table; take y_true as it is.

import keras
import numpy as np
from keras import layers, ops

OVER, UNDER = 1.0, 4.0


def asymmetric(y_true, y_pred):
    """Too little stock costs more than too much."""
    error = y_true[:, 0] - y_pred
    cost = ops.where(error > 0, UNDER * error, -OVER * error)
    return ops.mean(cost)


rng = np.random.default_rng(33)
x = rng.normal(size=(120, 8)).astype("float32")
y = np.abs(x.sum(axis=1, keepdims=True)).astype("float32")

shop = keras.Input(shape=(8,), name="shop")
deep = layers.Dense(32, activation="relu")(shop)
deep = layers.Dense(16, activation="relu")(deep)
demand = layers.Dense(1, activation="softplus", name="demand")(deep)

model = keras.Model(inputs=shop, outputs=demand)
model.compile(optimizer="adam", loss=asymmetric)
model.fit(x, y, batch_size=40, epochs=1, verbose=0)
