# WANT: one tag for every word
# FAMILY: sequence
# LINE: 14
# CAUSE: reader
# SENTENCE: `reader` returns only its last state, one vector per sentence: tagging every word needs return_sequences=True.
# FIX: LINE 13: reader = L.Bidirectional(L.LSTM(6, return_sequences=True), name="reader")
# ruff: noqa: E501
from keras import Input, Model
from keras import layers as L

words = Input((15,), dtype="int32", name="words")
x = L.Embedding(60, 8)(words)
reader = L.Bidirectional(L.LSTM(6), name="reader")
tags = L.TimeDistributed(L.Dense(4, activation="softmax"), name="tags")(reader(x))
model = Model(words, tags)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
