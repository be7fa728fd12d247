# WANT: normalise a small network with group normalisation
# FAMILY: shape
# LINE: 13
# CAUSE: steady
# SENTENCE: `steady` uses the default of 32 groups, and 24 channels cannot be cut into 32 groups: choose a divisor of 24 such as groups=8.
# FIX: LINE 13: x = L.GroupNormalization(groups=8, name="steady")(x)
# ruff: noqa: E501
from keras import Input, Model
from keras import layers as L

tile = Input((16, 16, 4), name="tile")
x = L.Conv2D(24, 3, padding="same", use_bias=False, name="land")(tile)
x = L.GroupNormalization(name="steady")(x)
x = L.Activation("relu")(x)
x = L.Conv2D(6, 1, activation="softmax", name="cover")(x)
model = Model(tile, x)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
