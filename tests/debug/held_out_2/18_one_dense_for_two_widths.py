# WANT: use one projection for the profile and for the history of a customer
# FAMILY: shape
# LINE: 14
# CAUSE: project
# SENTENCE: the layer `project` got weights for 12 values at its first call and cannot take the 20 of `history`: use a second layer for it.
# FIX: LINE 14: codes = [project(profile), layers.Dense(8, activation="relu")(history)]
# ruff: noqa: E501
import keras
from keras import layers

profile = keras.Input((12,), name="profile")
history = keras.Input((20,), name="history")
project = layers.Dense(8, activation="relu", name="project")
codes = [project(profile), project(history)]
x = layers.Concatenate()(codes)
x = layers.Dropout(0.2)(x)
offer = layers.Dense(3, activation="softmax", name="offer")(x)
model = keras.Model([profile, history], offer)
