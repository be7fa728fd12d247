# WANT: count cells on a slide with two convolutions
# FAMILY: shape
# LINE: 15
# CAUSE: rolled_out
# SENTENCE: `rolled_out` has flattened the picture to one row per slide, so the convolution behind it finds no height and width: flatten after it.
# FIX: LINE 14: x = L.MaxPooling2D(name="smaller")(x)
# ruff: noqa: E501
from keras import Input, Model
from keras import layers as L

slide = Input((28, 28, 1), name="slide")
x = L.Conv2D(6, 3, activation="relu", name="slide_coarse")(slide)
x = L.MaxPooling2D()(x)
x = L.Flatten(name="rolled_out")(x)
x = L.Conv2D(12, 3, activation="relu", name="slide_fine")(x)
x = L.GlobalAveragePooling2D()(x) if len(x.shape) == 4 else x
model = Model(slide, L.Dense(1, activation="softplus", name="cells")(x))
model.compile(optimizer="adam", loss="poisson")
