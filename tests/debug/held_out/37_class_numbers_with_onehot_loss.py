# WANT: tell five kinds of cloud apart
# FAMILY: fit
# LINE: 21
# CAUSE: labels
# SENTENCE: `labels` are class numbers, one per sample, and categorical_crossentropy wants one-hot rows: use the sparse loss.
# FIX: LINE 20: model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
# ruff: noqa: E501
import numpy as np
from keras import Input, Model, layers

rng = np.random.default_rng(11)
views = rng.random((20, 10, 10, 1))
labels = rng.integers(0, 5, size=20)

sky = Input((10, 10, 1), name="sky")
x = layers.DepthwiseConv2D(3, depth_multiplier=4, activation="relu")(sky)
x = layers.GlobalAveragePooling2D()(x)
cloud = layers.Dense(5, activation="softmax", name="cloud")(x)
model = Model(sky, cloud)
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(views, labels, batch_size=10, verbose=0)
