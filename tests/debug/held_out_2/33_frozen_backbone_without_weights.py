# WANT: fine-tune a backbone on pictures of mushrooms
# FAMILY: silent
# LINE: -
# CAUSE: forest_net
# SENTENCE: `forest_net` is frozen before any trained weights were loaded, so its random filters stay random: load weights or leave it trainable.
# FIX: LINE 16: backbone.trainable = True
# ruff: noqa: E501
import keras
import numpy as np
from keras import layers

image = keras.Input((20, 20, 3))
t = layers.Conv2D(8, 3, strides=2, activation="relu")(image)
t = layers.Conv2D(16, 3, strides=2, activation="relu")(t)
backbone = keras.Model(image, layers.GlobalAveragePooling2D()(t), name="forest_net")
backbone.trainable = False
mushroom = keras.Input((20, 20, 3), name="mushroom")
edible = layers.Dense(1, activation="sigmoid", name="edible")(backbone(mushroom))
model = keras.Model(mushroom, edible)
model.compile(optimizer="adam", loss="binary_crossentropy")
rng = np.random.default_rng(33)
x = rng.random((16, 20, 20, 3)).astype("float32")
y = rng.integers(0, 2, (16, 1))
