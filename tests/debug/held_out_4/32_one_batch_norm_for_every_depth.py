# FAMILY: silent
# LINE: 22
# CAUSE: norm
# TEACHER: norm is made once and called in every round, so all depths share one mean and one
#   scale: make it inside the loop.

import keras
import numpy as np
from keras import layers

x = np.random.default_rng(32).random((48, 24, 24, 3)).astype("float32")
y = np.random.default_rng(33).integers(0, 8, size=48)

conv_args = {"kernel_size": 3, "padding": "same", "use_bias": False}
norm = layers.BatchNormalization(name="norm")
relu = layers.ReLU(name="relu")

shell = keras.Input((24, 24, 3), name="shell")
h = shell
for depth in range(4):
    h = layers.Conv2D(16, name=f"conv{depth}", **conv_args)(h)
    h = norm(h)
    h = relu(h)
    if depth % 2:
        h = layers.MaxPooling2D()(h)

h = layers.GlobalAveragePooling2D()(h)
species = layers.Dense(8, activation="softmax", name="species")(h)
model = keras.Model(shell, species)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
