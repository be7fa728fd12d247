# Three spectra of 80 wavelengths, stored spectrum first, turned before the convolution.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(113)
spectra = keras.Input((3, 80), name="spectra")
steps = layers.Permute((2, 1))(spectra)
views = [layers.Conv1D(6, w, padding="same", activation="relu")(steps) for w in (3, 7)]
h = layers.GlobalMaxPooling1D()(layers.Concatenate()(views))
model = keras.Model(spectra, layers.Dense(4, activation="softmax", name="mineral")(h))
model.compile(optimizer="adam", loss="categorical_crossentropy")
x, y = rng.normal(size=(10, 3, 80)), np.eye(4)[rng.integers(0, 4, 10)]
