# WANT: swap time and channels
# FAMILY: shape
# LINE: 12
# CAUSE: swap
# SENTENCE: Permute counts from 1 and leaves the batch out, so `swap` must say (2, 1), not (0, 2, 1).
# FIX: LINE 12: channels = L.Permute((2, 1), name="swap")(sensors)
# ruff: noqa: E501
import keras as k
from keras import layers as L

sensors = k.Input((50, 6), name="sensors")
channels = L.Permute((0, 2, 1), name="swap")(sensors)
x = L.TimeDistributed(L.Dense(10, activation="relu"), name="per_channel")(channels)
x = L.Flatten()(x)
model = k.Model(inputs=sensors, outputs=L.Dense(3, activation="softmax", name="gesture")(x))
model.compile(optimizer="adam", loss="categorical_crossentropy")
