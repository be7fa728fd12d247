# WANT: three convolutions in a row
# FAMILY: shape
# LINE: 14
# CAUSE: conv
# SENTENCE: `conv` was made for 3 channels in the first turn and gets 8 in the second: make a new layer inside the loop.
# FIX: LINE 14:     x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
# ruff: noqa: E501
from keras import Input, Model, layers

stamp = Input((16, 16, 3), name="stamp")
conv = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv")
x = stamp
for _ in range(3):
    x = conv(x)
    x = layers.MaxPool2D()(x)
country = layers.Dense(6, activation="softmax", name="country")(layers.Flatten()(x))
model = Model(stamp, country)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
