# WANT: add an embedded city to the numbers of a shop
# FAMILY: merge
# LINE: 14
# CAUSE: city_vector
# SENTENCE: `city_vector` is (1, 5) per shop because the input has one number in an axis of its own, while `figures` is (7,): Flatten it first.
# FIX: LINE 13: city_vector = L.Flatten()(L.Embedding(30, 5, name="city_table")(city))
# ruff: noqa: E501
import keras
from keras import layers as L

city = keras.Input((1,), dtype="int32", name="city")
figures = keras.Input((7,), name="figures")
city_vector = L.Embedding(30, 5, name="city_table")(city)
everything = L.concatenate([city_vector, figures])
x = L.Dense(16, activation="relu")(everything)
sales = L.Dense(1, name="sales")(x)
model = keras.Model([city, figures], sales)
model.compile(optimizer="adam", loss="mae")
