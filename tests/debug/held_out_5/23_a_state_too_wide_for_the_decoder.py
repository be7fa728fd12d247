# FAMILY: sequence
# LINE: 31
# CAUSE: encoder_state
# TEACHER: encoder_state has 32 numbers and the decoder's GRU keeps 16; give both the same units or
#   a Dense(16) between them.

import keras
import numpy as np
from keras import layers


class Forecaster:
    def __init__(self, enc_units, dec_units, horizon):
        self.encoder = layers.GRU(enc_units, return_state=True, name="encoder")
        self.decoder = layers.GRU(dec_units, return_sequences=True, name="decoder")
        self.head = layers.TimeDistributed(layers.Dense(1), name="demand")
        self.horizon = horizon

    def build(self, lookback, n_features, n_known):
        past = keras.Input((lookback, n_features), name="past")
        known = keras.Input((self.horizon, n_known), name="known")
        _, encoder_state = self.encoder(past)
        decoded = self.decoder(known, initial_state=encoder_state)
        return keras.Model([past, known], self.head(decoded))


model = Forecaster(32, 16, horizon=6).build(lookback=18, n_features=5, n_known=2)
model.compile("adam", "mse")
rng = np.random.default_rng(23)
x_past, x_known = rng.normal(size=(30, 18, 5)), rng.normal(size=(30, 6, 2))
model.fit([x_past, x_known], rng.normal(size=(30, 6, 1)), verbose=0)
