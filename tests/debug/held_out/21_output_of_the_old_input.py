# WANT: augment the picture before a pretrained base
# FAMILY: graph
# LINE: 20
# CAUSE: base
# SENTENCE: `base.output` belongs to the base's own input, so the new picture never reaches it: call base(flipped).
# FIX: LINE 18: features = layers.GlobalMaxPooling2D(name="features")(base(flipped))
# ruff: noqa: E501
import keras
from keras import layers

old = keras.Input((20, 20, 3), name="old")
x = layers.Conv2D(6, 3, activation="relu")(old)
base = keras.Model(old, layers.Conv2D(6, 3, activation="relu")(x), name="base")
base.trainable = False

picture = keras.Input((20, 20, 3), name="picture")
flipped = layers.RandomFlip("horizontal", seed=1, name="flipped")(picture)
features = layers.GlobalMaxPooling2D(name="features")(base.output)
breed = layers.Dense(3, activation="softmax", name="breed")(features)
model = keras.Model(inputs=picture, outputs=breed)
