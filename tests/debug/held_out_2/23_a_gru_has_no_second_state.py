# WANT: translate dates with an encoder and a decoder
# FAMILY: sequence
# LINE: 14
# CAUSE: listener
# SENTENCE: `listener` is a GRU and gives its output and ONE state; a second state, the cell, exists for an LSTM only.
# FIX: LINE 14: _, memory = listener(L.Embedding(40, 8)(heard)); cell = memory
# ruff: noqa: E501
from keras import Input, Model
from keras import layers as L

heard = Input((11,), dtype="int32", name="heard")
said = Input((9,), dtype="int32", name="said")
listener = L.GRU(16, return_state=True, name="listener")
_, memory, cell = listener(L.Embedding(40, 8)(heard))
speaker = L.LSTM(16, return_sequences=True, name="speaker")
x = speaker(L.Embedding(30, 8)(said), initial_state=[memory, cell])
following = L.Dense(30, activation="softmax", name="following")(x)
model = Model([heard, said], following)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
