# Pre-activation residual blocks over a table, made in a loop.
import numpy as np
from keras import Input, Model, layers


def block(x, units):
    y = layers.LayerNormalization()(x)
    y = layers.Dense(units * 2, activation="gelu")(y)
    y = layers.Dense(units)(y)
    return layers.Add()([x, y])


rng = np.random.default_rng(111)
table = Input((9,), name="table")
h = layers.Dense(12)(table)
for _ in range(3):
    h = block(h, 12)
model = Model(table, layers.Dense(1, name="yearly")(layers.LayerNormalization()(h)))
model.compile(optimizer="adamw", loss="mse")
x, y = rng.normal(size=(20, 9)), rng.normal(size=(20, 1))
