# WANT: keep the final state of a two-way reader
# FAMILY: sequence
# LINE: 13
# CAUSE: reader
# SENTENCE: `reader` runs in two directions and returns five things: the output and two states for each direction.
# FIX: LINE 13: _, h, c, *backward = reader(notes)
# ruff: noqa: E501
import keras
from keras import layers

notes = keras.Input((16, 3), name="notes")
reader = layers.Bidirectional(layers.LSTM(5, return_state=True), name="reader")
_, h, c = reader(notes)
state = layers.Concatenate(name="state")([h, c])
model = keras.Model(notes, layers.Dense(8, activation="softmax", name="composer")(state))
model.compile("adam", "sparse_categorical_crossentropy")
