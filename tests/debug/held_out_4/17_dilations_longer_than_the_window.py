# FAMILY: shape
# LINE: 16
# CAUSE: tcn_8
# TEACHER: tcn_8 reaches over 17 steps and only 10 are left, for each convolution before cut some
#   off; use padding="causal".

import keras
from keras import layers

WINDOW, CHANNELS, HORIZON = 24, 5, 6


def residual_free_tcn(x, filters, kernel, dilations):
    for d in dilations:
        conv = layers.Conv1D(filters, kernel, dilation_rate=d, name=f"tcn_{d}")
        x = conv(x)
        x = layers.LayerNormalization()(x)
        x = layers.Activation("relu")(x)
        x = layers.SpatialDropout1D(0.1)(x)
    return x


load = keras.Input(shape=(WINDOW, CHANNELS), name="load")
hidden = residual_free_tcn(load, filters=16, kernel=3, dilations=[1, 2, 4, 8])
last = layers.Lambda(lambda t: t[:, -1, :])(hidden)
forecast = layers.Dense(HORIZON, name="forecast")(last)

tcn = keras.Model(load, forecast)
tcn.compile(optimizer="adam", loss="mae")
