# FAMILY: sequence
# LINE: 19
# CAUSE: return_sequences
# TEACHER: The last LSTM gives its final state only, so TimeDistributed finds no steps; that LSTM
#   needs return_sequences=True.

import keras
from keras.layers import LSTM, Bidirectional, Dense, Dropout, Embedding, Input, TimeDistributed

MAX_LEN = 25
N_WORDS = 1000
N_TAGS = 9

sentence = Input(shape=(MAX_LEN,), dtype="int32")
emb = Embedding(input_dim=N_WORDS, output_dim=20)(sentence)
emb = Dropout(0.1)(emb)
rnn = Bidirectional(LSTM(16, return_sequences=True, recurrent_dropout=0.1))(emb)
rnn = LSTM(16)(rnn)
tags = TimeDistributed(Dense(N_TAGS, activation="softmax"))(rnn)

ner = keras.Model(sentence, tags)
ner.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
