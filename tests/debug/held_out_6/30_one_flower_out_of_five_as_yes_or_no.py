# FAMILY: silent
# LINE: 21
# CAUSE: species
# TEACHER: species is a softmax over five exclusive classes and its loss binary_crossentropy; the
#   loss should be categorical_crossentropy, the accuracy looks far too good as well.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(30)
x = rng.normal(size=(90, 4)).astype("float32")
y = keras.utils.to_categorical(rng.integers(0, 5, size=90), 5)

flower = keras.Input((4,), name="flower")
h = layers.Dense(16, activation="relu", name="petals")(flower)
h = layers.Dense(16, activation="relu", name="sepals")(h)
species = layers.Dense(5, activation="softmax", name="species")(h)

model = keras.Model(flower, species)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
