# One encoder, called on both sides on purpose.
import numpy as np
from keras import Input, Model, Sequential
from keras import layers as L

rng = np.random.default_rng(102)
encoder = Sequential(
    [Input((14,)), L.Dense(12, activation="relu"), L.Dense(6, name="code")], name="encoder"
)
first, second = Input((14,), name="first"), Input((14,), name="second")
alike = L.Dot(axes=1, normalize=True, name="alike")([encoder(first), encoder(second)])
model = Model([first, second], L.Dense(1, activation="sigmoid", name="same")(alike))
model.compile("adam", "binary_crossentropy")
x = [rng.normal(size=(16, 14)), rng.normal(size=(16, 14))]
y = rng.integers(0, 2, (16, 1))
