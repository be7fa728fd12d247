# A share between 0 and 1, learnt with a sigmoid and the squared error.
import numpy as np
from keras import Input, Model
from keras import layers as L

rng = np.random.default_rng(114)
bands = Input((32, 3), name="bands")
local = L.Conv1D(8, 5, strides=2, activation="relu")(bands)
whole = L.Dense(8, activation="relu")(L.Flatten()(bands))
joined = L.Concatenate()([L.GlobalAveragePooling1D()(local), whole])
model = Model(bands, L.Dense(1, activation="sigmoid", name="share")(joined))
model.compile(optimizer="adam", loss="mse")
x, y = rng.random((12, 32, 3)), rng.random((12, 1))
