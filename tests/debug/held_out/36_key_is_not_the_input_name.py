# WANT: feed two inputs by name
# FAMILY: fit
# LINE: 19
# CAUSE: image
# SENTENCE: the data says "picture" but the input is called `image`: the keys must be the names of the inputs.
# FIX: LINE 18: data = {"image": np.zeros((10, 9, 9, 1)), "tags": np.ones((10, 4))}
# ruff: noqa: E501
import keras
import numpy as np
from keras import layers

image = keras.Input((9, 9, 1), name="image")
tags = keras.Input((4,), name="tags")
seen = layers.GlobalAveragePooling2D()(layers.Conv2D(5, 3, activation="relu")(image))
likes = layers.Dense(1, name="likes")(layers.Concatenate()([seen, tags]))
model = keras.Model(inputs=[image, tags], outputs=likes)
model.compile(loss="mse", optimizer="sgd")
data = {"picture": np.zeros((10, 9, 9, 1)), "tags": np.ones((10, 4))}
model.evaluate(data, np.zeros((10, 1)), verbose=0)
