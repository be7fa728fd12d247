# WANT: two separate towers, one for the picture and one for the text
# FAMILY: graph
# LINE: 20
# CAUSE: tower
# SENTENCE: both sub-models are called `tower`, and names must be unique inside a model: pass a different name to each.
# FIX: LINE 13:     return keras.Sequential([keras.Input((width,)), L.Dense(6, activation="relu")], name=f"tower_{width}")
# ruff: noqa: E501
import keras
from keras import layers as L


def make_tower(width):
    return keras.Sequential([keras.Input((width,)), L.Dense(6, activation="relu")], name="tower")


picture = keras.Input((30,), name="picture")
caption = keras.Input((12,), name="caption")
sides = [make_tower(30)(picture), make_tower(12)(caption)]
fits = L.Dense(1, activation="sigmoid", name="fits")(L.Multiply()(sides))
model = keras.Model([picture, caption], fits)
model.compile("adam", "binary_crossentropy")
