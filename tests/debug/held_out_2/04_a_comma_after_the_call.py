# WANT: a regression network for the strength of concrete
# FAMILY: values
# LINE: 15
# CAUSE: mixture
# SENTENCE: the comma at the end of the line makes `mixture` a tuple with one tensor in it, and the next layer wants the tensor: delete the comma.
# FIX: LINE 13: mixture = L.Dense(16, activation="relu", name="mixing")(recipe)
# ruff: noqa: E501
from keras import Input, Model
from keras import layers as L

recipe = Input((8,), name="recipe")
# fmt: off
mixture = L.Dense(16, activation="relu", name="mixing")(recipe),
# fmt: on
curing = L.BatchNormalization(name="curing")(mixture)
strength = L.Dense(1, name="strength")(curing)
model = Model(recipe, strength)
model.compile(optimizer="adam", loss="mse")
