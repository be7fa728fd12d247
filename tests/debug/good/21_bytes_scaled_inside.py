# The picture comes as bytes and the model scales it itself.
import keras as k
import numpy as np

rng = np.random.default_rng(121)
picture = k.Input((14, 14, 3), name="picture")
scaled = k.layers.Rescaling(1 / 255)(picture)
a = k.layers.Conv2D(6, 3, padding="same", activation="relu")(scaled)
b = k.layers.Conv2D(6, 1, activation="relu")(scaled)
h = k.layers.GlobalAveragePooling2D()(k.layers.Maximum()([a, b]))
model = k.Model(picture, k.layers.Dense(6, name="logits")(h))
model.compile("adam", k.losses.SparseCategoricalCrossentropy(from_logits=True))
x, y = rng.integers(0, 256, (9, 14, 14, 3)), rng.integers(0, 6, 9)
