# FAMILY: silent
# LINE: 21
# CAUSE: species
# TEACHER: species gives class probabilities by a softmax; mse hardly teaches it, use
#   categorical_crossentropy.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(29)
x = rng.normal(size=(150, 4)).astype("float32")
y = keras.utils.to_categorical(rng.integers(0, 3, size=150), 3)

flower = keras.Input((4,), name="flower")
h = layers.Dense(16, activation="relu")(flower)
h = layers.Dense(16, activation="relu")(h)
species = layers.Dense(3, activation="softmax", name="species")(h)

model = keras.Model(flower, species, name="iris")
model.compile(optimizer="adam", loss="mse", metrics=["accuracy"])
