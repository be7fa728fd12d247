# FAMILY: shape
# LINE: 17
# CAUSE: steps
# TEACHER: steps is None, for the Input leaves the length open; RepeatVector needs a number: fix the
#   length in the Input.

import keras
from keras import layers

N_CHANNELS = 4


def sequence_autoencoder(units=12, length=None):
    series = keras.Input(shape=(length, N_CHANNELS))
    code = layers.LSTM(units, name="code")(series)
    steps = series.shape[1]
    repeated = layers.RepeatVector(steps)(code)
    rebuilt = layers.LSTM(units, return_sequences=True)(repeated)
    rebuilt = layers.TimeDistributed(layers.Dense(N_CHANNELS))(rebuilt)
    return keras.Model(series, rebuilt)


model = sequence_autoencoder()
model.compile(loss="mse", optimizer="adam")
model.summary()
