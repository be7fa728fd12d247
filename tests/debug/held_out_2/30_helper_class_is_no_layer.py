# WANT: a gate written as a small class of one's own
# FAMILY: silent
# LINE: -
# CAUSE: gating
# SENTENCE: `gating` holds its Dense inside a plain Python object that Keras does not look into, so the weights of the gate are never trained.
# FIX: LINE 32: t = Gate(8)(t)
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras import layers as L


class Gate:
    def __init__(self, units):
        self.dense = L.Dense(units, activation="sigmoid")

    def __call__(self, t):
        return t * self.dense(t)


class Gating(L.Layer):
    def __init__(self, gate, **settings):
        super().__init__(**settings)
        self.gate = gate

    def call(self, t):
        return self.gate(t)


order = Input((7,), name="order")
t = L.Dense(8, activation="relu", name="basket")(order)
t = Gating(Gate(8), name="gating")(t)
model = Model(order, L.Dense(1, name="minutes")(t))
model.compile(optimizer="adam", loss="mae")
x = np.random.default_rng(30).normal(size=(32, 7)).astype("float32")
y = 20 + 5 * x[:, :1]
