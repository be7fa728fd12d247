# Raw columns of very different size, made equal by an adapted Normalization layer.
import numpy as np
from keras import Input, Model, layers

rng = np.random.default_rng(122)
x = rng.normal(size=(40, 4)) * [1, 50, 900, 20000] + [0, 300, 4000, 1e5]
y = rng.normal(size=(40, 1)) * 2 + 5
norm = layers.Normalization(name="norm")
norm.adapt(x)
car = Input((4,), name="car")
h = norm(car)
deep = layers.Dense(12, activation="relu")(h)
model = Model(car, layers.Dense(1, name="litres")(layers.Concatenate()([h, deep])))
model.compile(optimizer="adam", loss="mae")
