# FAMILY: sequence
# LINE: 19
# CAUSE: return_sequences
# TEACHER: The LSTM has no return_sequences=True and gives one vector a sentence, so
#   TimeDistributed finds no steps to go along.

import keras
from keras.layers import LSTM, Dense, Dropout, Embedding, Input, TimeDistributed

max_len, n_words, n_tags = 40, 800, 9

inp = Input(shape=(max_len,))
emb = Embedding(input_dim=n_words, output_dim=20)(inp)
emb = Dropout(0.1)(emb)

lstm = LSTM(units=32, recurrent_dropout=0.1)
hidden = lstm(emb)

hidden = TimeDistributed(Dense(16, activation="relu"))(hidden)
tags = TimeDistributed(Dense(n_tags, activation="softmax"))(hidden)

ner = keras.Model(inp, tags)
ner.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
