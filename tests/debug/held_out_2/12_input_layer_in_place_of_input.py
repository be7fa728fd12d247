# WANT: a model that starts with an input for wine measurements
# FAMILY: input
# LINE: 12
# CAUSE: wine
# SENTENCE: `wine` is an InputLayer, a layer and not a tensor; the Functional API starts from keras.Input(...).
# FIX: LINE 11: wine = keras.Input(shape=(11,), name="measurements")
# ruff: noqa: E501
import keras
from keras import layers as L

wine = L.InputLayer(shape=(11,), name="measurements")
taste = L.Dense(10, activation="relu", name="taste")(wine)
quality = L.Dense(1, name="quality")(taste)
model = keras.Model(inputs=wine, outputs=quality)
model.compile(optimizer="adam", loss="mse")
