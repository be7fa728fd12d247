# WANT: colour a grey picture with a small encoder and decoder
# FAMILY: merge
# LINE: 21
# CAUSE: skips
# SENTENCE: `skips` is read from the front, so the coarsest map meets the finest skip; the way back needs them in reverse order.
# FIX: LINE 19: for filters, skip in zip((16, 8), reversed(skips), strict=True):
# ruff: noqa: E501
from keras import Input, Model
from keras import layers as L

grey = Input((32, 32, 1), name="grey")
skips = []
x = grey
for filters in (8, 16):
    x = L.Conv2D(filters, 3, padding="same", activation="relu")(x)
    skips.append(x)
    x = L.MaxPooling2D()(x)
x = L.Conv2D(24, 3, padding="same", activation="relu", name="deepest")(x)
for filters, skip in zip((16, 8), skips, strict=True):
    x = L.UpSampling2D()(x)
    x = L.Concatenate()([x, skip])
    x = L.Conv2D(filters, 3, padding="same", activation="relu")(x)
model = Model(grey, L.Conv2D(3, 1, activation="sigmoid", name="colour")(x))
