# WANT: join what the model knows about a house and about its street
# FAMILY: merge
# LINE: 15
# CAUSE: street_code
# SENTENCE: `street_code` was given as a second argument; a merging layer takes ONE list: [house_code, street_code].
# FIX: LINE 15: both = L.Concatenate(name="both")([house_code, street_code])
# ruff: noqa: E501
from keras import Input, Model
from keras import layers as L

house = Input((9,), name="house")
street = Input((4,), name="street")
house_code = L.Dense(8, activation="relu")(house)
street_code = L.Dense(8, activation="relu")(street)
both = L.Concatenate(name="both")(house_code, street_code)
price = L.Dense(1, name="price")(both)
model = Model([house, street], price)
