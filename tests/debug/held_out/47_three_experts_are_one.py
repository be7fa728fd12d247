# WANT: a mixture of three different experts
# FAMILY: silent
# LINE: -
# CAUSE: expert
# SENTENCE: [layer] * 3 repeats ONE layer `expert` three times; three experts need three layers, made in a comprehension.
# FIX: LINE 13: experts = [layers.Dense(5, activation="tanh", name=f"expert_{i}") for i in range(3)]
# ruff: noqa: E501
import keras
import numpy as np
from keras import layers, ops

case = keras.Input((10,), name="case")
experts = [layers.Dense(5, activation="tanh", name="expert")] * 3
opinions = ops.stack([expert(case) for expert in experts], axis=1)
trust = layers.Dense(3, activation="softmax", name="trust")(case)
advice = layers.Dot(axes=1, name="advice")([trust, opinions])
model = keras.Model(case, layers.Dense(1, name="cost")(advice))
model.compile(optimizer="adam", loss="mse")
rng = np.random.default_rng(47)
x, y = rng.normal(size=(20, 10)), rng.normal(size=(20, 1))
