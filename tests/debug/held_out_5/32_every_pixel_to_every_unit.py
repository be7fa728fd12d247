# FAMILY: silent
# LINE: 18
# CAUSE: flatten_maps
# TEACHER: flatten_maps hands over 64*64*16 numbers, so the Dense after it has 8 million weights;
#   pool first.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(32)
x = rng.random((8, 64, 64, 3)).astype("float32")
y = rng.integers(0, 6, size=(8,))

leaf = keras.Input((64, 64, 3), name="leaf")
t = layers.Conv2D(8, 3, padding="same", activation="relu")(leaf)
t = layers.Conv2D(16, 3, padding="same", activation="relu")(t)
t = layers.Flatten(name="flatten_maps")(t)
t = layers.Dense(128, activation="relu", name="fc")(t)
disease = layers.Dense(6, activation="softmax", name="disease")(t)

model = keras.Model(leaf, disease)
model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
