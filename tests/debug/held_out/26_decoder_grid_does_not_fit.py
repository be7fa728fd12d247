# WANT: turn a code of 10 numbers into a 28 x 28 picture
# FAMILY: shape
# LINE: 12
# CAUSE: grid
# SENTENCE: 7 * 7 * 8 = 392 values cannot be reshaped to (8, 8, 8) = 512 by `grid`: the two must agree.
# FIX: LINE 12: grid = k.layers.Reshape((7, 7, 8), name="grid")(seed)
# ruff: noqa: E501
import keras as k

latent = k.Input(shape=(10,), name="latent")
seed = k.layers.Dense(7 * 7 * 8, activation="relu", name="seed")(latent)
grid = k.layers.Reshape((8, 8, 8), name="grid")(seed)
x = k.layers.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu")(grid)
drawn = k.layers.Conv2DTranspose(1, 3, strides=2, padding="same", name="drawn")(x)
decoder = k.Model(latent, drawn, name="decoder")
decoder.compile(optimizer="adam", loss="mse")
