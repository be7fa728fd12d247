# FiLM: a second input scales and shifts the channels of the first.
import keras as k
import numpy as np

rng = np.random.default_rng(110)
image = k.Input((12, 12, 2), name="image")
season = k.Input((4,), name="season")
maps = k.layers.Conv2D(6, 3, activation="relu")(image)
gamma = k.layers.Reshape((1, 1, 6), name="gamma")(k.layers.Dense(6)(season))
beta = k.layers.Reshape((1, 1, 6), name="beta")(k.layers.Dense(6)(season))
changed = k.layers.ReLU()(maps * (1.0 + gamma) + beta)
model = k.Model([image, season], k.layers.Dense(1)(k.layers.GlobalMaxPooling2D()(changed)))
model.compile(loss="huber", optimizer="adam")
x = [rng.random((8, 12, 12, 2)), np.eye(4)[rng.integers(0, 4, 8)]]
y = rng.normal(size=(8, 1))
