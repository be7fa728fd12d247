# FAMILY: sequence
# LINE: 16
# CAUSE: gru_0
# TEACHER: gru_0 gives only its last state; every recurrent layer below another needs
#   return_sequences=True.

import keras
import numpy as np
from keras import layers


def stacked_gru(n_steps, n_features, units_per_layer, dropout=0.1):
    past = keras.Input((n_steps, n_features), name="past")
    state = layers.LayerNormalization()(past)
    for i, units in enumerate(units_per_layer):
        state = layers.GRU(units, name=f"gru_{i}")(state)
        state = layers.Dropout(dropout)(state)
    forecast = layers.Dense(1, name="forecast")(state)
    return keras.Model(past, forecast)


rng = np.random.default_rng(21)
series = np.cumsum(rng.normal(size=(300, 2)), axis=0).astype("float32")
windows = np.stack([series[i : i + 30] for i in range(len(series) - 30)])
following = series[30:, 0]

rnn = stacked_gru(30, 2, [32, 16])
rnn.compile(keras.optimizers.Adam(1e-3), "huber")
rnn.fit(windows, following, epochs=1, verbose=0)
