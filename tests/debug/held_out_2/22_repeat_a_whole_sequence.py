# WANT: an autoencoder for the vibrations of a machine
# FAMILY: sequence
# LINE: 14
# CAUSE: summary
# SENTENCE: `summary` returns one vector per step, but RepeatVector repeats ONE vector: leave return_sequences out there.
# FIX: LINE 13: x = L.LSTM(6, name="summary")(x)
# ruff: noqa: E501
from keras import Input, Model
from keras import layers as L

vibration = Input((25, 3), name="vibration")
x = L.LSTM(12, return_sequences=True, name="reader")(vibration)
x = L.LSTM(6, return_sequences=True, name="summary")(x)
x = L.RepeatVector(25, name="unfold")(x)
x = L.LSTM(12, return_sequences=True, name="writer")(x)
again = L.TimeDistributed(L.Dense(3), name="again")(x)
model = Model(vibration, again)
model.compile(optimizer="adam", loss="mse")
