# WANT: less overfitting
# FAMILY: silent
# LINE: -
# CAUSE: last_drop
# SENTENCE: `last_drop` sits on the output itself and wipes out finished answers while training: put Dropout before the last Dense.
# FIX: LINE 16: answer = layers.Dense(3, activation="softmax", name="species")(layers.Dropout(0.4, name="last_drop")(x))
# ruff: noqa: E501
import keras
import numpy as np
from keras import layers

petal = keras.Input((2,), name="petal")
sepal = keras.Input((2,), name="sepal")
x = layers.Dense(12, activation="relu")(layers.Concatenate()([petal, sepal]))
species = layers.Dense(3, activation="softmax", name="species")(x)
answer = layers.Dropout(0.4, seed=1, name="last_drop")(species)
model = keras.Model({"petal": petal, "sepal": sepal}, answer)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
rng = np.random.default_rng(56)
x = {"petal": rng.normal(size=(15, 2)), "sepal": rng.normal(size=(15, 2))}
y = rng.integers(0, 3, 15)
