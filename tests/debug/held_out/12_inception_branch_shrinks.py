# WANT: an inception module with three branches
# FAMILY: merge
# LINE: 15
# CAUSE: wide
# SENTENCE: the branch `wide` has no padding="same", so it is 10x10 while the others are 14x14; joining channels needs equal height and width.
# FIX: LINE 13: wide = layers.Conv2D(6, 5, activation="relu", padding="same", name="wide")(stem)
# ruff: noqa: E501
from keras import Input, Model, layers

tile = Input((14, 14, 4), name="tile")
stem = layers.Conv2D(8, 1, activation="relu", name="stem")(tile)
narrow = layers.Conv2D(6, 3, activation="relu", padding="same", name="narrow")(stem)
wide = layers.Conv2D(6, 5, activation="relu", name="wide")(stem)
pooled = layers.AveragePooling2D(3, strides=1, padding="same", name="pooled")(stem)
mixed = layers.Concatenate(name="mixed")([narrow, wide, pooled])
land = layers.Dense(5, activation="softmax", name="land")(layers.GlobalMaxPool2D()(mixed))
model = Model(inputs=tile, outputs=land)
model.compile(optimizer="nadam", loss="categorical_crossentropy")
