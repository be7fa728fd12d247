# FAMILY: silent
# LINE: 20
# CAUSE: species
# TEACHER: species gives raw scores, but the loss named by a string expects probabilities:
#   from_logits=True or a softmax.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(50)
n_species = 3
y = rng.integers(0, n_species, size=90)
x = (rng.normal(size=(90, 4)) + y[:, None]).astype("float32")

petals = keras.Input(shape=(4,), name="petals")
hidden = petals
for units in (16, 16):
    hidden = layers.Dense(units, activation="selu", kernel_initializer="lecun_normal")(hidden)
species = layers.Dense(n_species, name="species")(hidden)

model = keras.Model(inputs=petals, outputs=species)
model.compile(
    optimizer=keras.optimizers.SGD(0.05),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.fit(x, y, epochs=3, verbose=0)
