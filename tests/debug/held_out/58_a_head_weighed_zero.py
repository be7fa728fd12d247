# WANT: predict the price and the number of rooms
# FAMILY: silent
# LINE: -
# CAUSE: rooms
# SENTENCE: the loss weight of `rooms` is 0, so that head never learns anything.
# FIX: LINE 14: weights = {"price": 1.0, "rooms": 0.3}
import keras as k
import numpy as np

house = k.Input((9,), name="house")
trunk = k.layers.Dense(14, activation="relu", name="trunk")(house)
heads = {name: k.layers.Dense(1, name=name)(trunk) for name in ("price", "rooms")}
model = k.Model(inputs=house, outputs=heads)
weights = {"price": 1.0, "rooms": 0.0}
model.compile("adam", loss={"price": "mse", "rooms": "mae"}, loss_weights=weights)
rng = np.random.default_rng(58)
x = rng.normal(size=(22, 9))
y = {"price": x[:, :1], "rooms": x[:, 1:2]}
