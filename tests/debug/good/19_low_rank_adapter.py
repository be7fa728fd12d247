# A frozen layer with a trainable low-rank correction beside it (4 of 32 on purpose).
import numpy as np
from keras import Input, Model
from keras import layers as L

rng = np.random.default_rng(119)
code = Input((32,), name="code")
kept = L.Dense(32, name="kept")
kept.build((None, 32))
kept.set_weights([rng.normal(size=(32, 32)) / 6, np.zeros(32)])
kept.trainable = False
down = L.Dense(4, use_bias=False, name="down")(code)
up = L.Dense(32, use_bias=False, kernel_initializer="zeros", name="up")(down)
h = L.Activation("relu")(L.Add()([kept(code), up]))
model = Model(code, L.Dense(5, activation="softmax", name="tone")(h))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
x, y = rng.normal(size=(20, 32)), rng.integers(0, 5, 20)
