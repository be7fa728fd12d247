# WANT: divide by 255 only when the pixels are bytes
# FAMILY: values
# LINE: 12
# CAUSE: pixels
# SENTENCE: `if` needs a real true or false, but `pixels` has no values while the model is being built: use ops.where, or scale before fit.
# FIX: LINE 12: scaled = ops.where(ops.max(pixels) > 1.0, pixels / 255.0, pixels)
# ruff: noqa: E501
from keras import Input as Feed
from keras import Model, layers, ops

pixels = Feed((12, 12, 1), name="pixels")
scaled = pixels / 255.0 if ops.max(pixels) > 1.0 else pixels
x = layers.SeparableConv2D(6, 3, activation="relu")(scaled)
x = layers.GlobalMaxPooling2D()(x)
digit = layers.Dense(10, activation="softmax", name="digit")(x)
model = Model(pixels, digit)
model.compile("adam", "sparse_categorical_crossentropy")
