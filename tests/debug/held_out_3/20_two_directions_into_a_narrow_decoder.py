# FAMILY: sequence
# LINE: 33
# CAUSE: decoder
# TEACHER: The joined states of both directions are twice as wide as the decoder's units: it
#   needs LSTM(2 * UNITS).

import keras
import numpy as np
from keras.layers import LSTM, Bidirectional, Concatenate, Dense, Embedding, Input

UNITS = 12
SRC, TGT = 40, 50

src = Input((None,), dtype="int32", name="src")
src_vec = Embedding(SRC, 16)(src)
_, fh, fc, bh, bc = Bidirectional(LSTM(UNITS, return_state=True), name="encoder")(src_vec)
state_h = Concatenate()([fh, bh])
state_c = Concatenate()([fc, bc])

tgt = Input((None,), dtype="int32", name="tgt")
tgt_vec = Embedding(TGT, 16)(tgt)
decoder = LSTM(UNITS, return_sequences=True, name="decoder")
decoded = decoder(tgt_vec, initial_state=[state_h, state_c])
words = Dense(TGT, activation="softmax", name="words")(decoded)

seq2seq = keras.Model([src, tgt], words)
seq2seq.compile("adam", "sparse_categorical_crossentropy")

rng = np.random.default_rng(1)
sentences = rng.integers(1, SRC, size=(16, 9))
shifted = rng.integers(1, TGT, size=(16, 7))
answers = rng.integers(1, TGT, size=(16, 7))
seq2seq.fit([sentences, shifted], answers, epochs=1, verbose=0)
