# WANT: put two feature vectors side by side
# FAMILY: merge
# LINE: 13
# CAUSE: profile
# SENTENCE: axis=0 is the batch, so `profile` would stack different samples; features are joined with axis=-1.
# FIX: LINE 13: profile = L.Concatenate(axis=-1, name="profile")(list(feeds.values()))
# ruff: noqa: E501
import keras as k
from keras import layers as L

sizes = {"clicks": 4, "orders": 6}
feeds = {name: k.Input((size,), name=name) for name, size in sizes.items()}
profile = L.Concatenate(axis=0, name="profile")(list(feeds.values()))
x = L.Dense(10, activation="elu")(profile)
model = k.Model(feeds, L.Dense(1, activation="sigmoid", name="returns")(x))
model.compile("rmsprop", "binary_crossentropy")
