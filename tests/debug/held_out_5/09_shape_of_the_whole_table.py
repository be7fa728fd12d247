# FAMILY: input
# LINE: 18
# CAUSE: X_train
# TEACHER: Input wants the shape of one sample; X_train.shape also counts the 200 samples, take
#   X_train.shape[1:].

import numpy as np
from keras.layers import LSTM, Dense, Dropout, Input
from keras.models import Model

rng = np.random.default_rng(9)
X_train = rng.normal(size=(200, 10, 6)).astype("float32")
y_train = rng.normal(size=(200, 1)).astype("float32")


def build_lstm(shape, units=16):
    inputs = Input(shape=shape)
    x = LSTM(units)(inputs)
    x = Dropout(0.2)(x)
    outputs = Dense(1)(x)
    return Model(inputs, outputs)


model = build_lstm(X_train.shape)
model.compile(optimizer="adam", loss="mse")
model.fit(X_train, y_train, epochs=1, verbose=0)
