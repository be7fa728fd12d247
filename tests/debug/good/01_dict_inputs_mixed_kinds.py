# Two inputs of different kinds, fed by name.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(101)
city = keras.Input((1,), dtype="int32", name="city")
facts = keras.Input((6,), name="facts")
place = layers.Flatten()(layers.Embedding(12, 3, name="place")(city))
x = layers.Dense(10, activation="relu")(layers.Concatenate()([place, facts]))
model = keras.Model({"city": city, "facts": facts}, layers.Dense(1, name="rent")(x))
model.compile(optimizer="adam", loss="mse", metrics=["mae"])
x = {"city": rng.integers(0, 12, (20, 1)), "facts": rng.normal(size=(20, 6))}
y = rng.normal(size=(20, 1))
