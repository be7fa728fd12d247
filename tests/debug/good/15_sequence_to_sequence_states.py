# The decoder starts from the states of a two-way encoder.
import numpy as np
from keras import Input, Model, layers

rng = np.random.default_rng(115)
source = Input((9, 3), name="source")
shifted = Input((6, 2), name="shifted")
_, fh, fc, bh, bc = layers.Bidirectional(layers.LSTM(5, return_state=True))(source)
state = [layers.Concatenate()([fh, bh]), layers.Concatenate()([fc, bc])]
decoded = layers.LSTM(10, return_sequences=True)(shifted, initial_state=state)
model = Model([source, shifted], layers.TimeDistributed(layers.Dense(2))(decoded))
model.compile(optimizer="rmsprop", loss="mse")
x = [rng.normal(size=(8, 9, 3)), rng.normal(size=(8, 6, 2))]
y = rng.normal(size=(8, 6, 2))
