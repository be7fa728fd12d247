# FAMILY: merge
# LINE: 18
# CAUSE: axis
# TEACHER: axis=1 puts the words behind one another and wants equal widths; 24 and 8 features of the
#   same 20 words are joined with axis=-1.

import keras
from keras.layers import LSTM, Concatenate, Dense, Embedding

MAX_LEN = 20

words = keras.Input(shape=(MAX_LEN,), dtype="int32", name="words")
pos_tags = keras.Input(shape=(MAX_LEN,), dtype="int32", name="pos_tags")

word_emb = Embedding(input_dim=500, output_dim=24)(words)
tag_emb = Embedding(input_dim=18, output_dim=8)(pos_tags)

combined = Concatenate(axis=1)([word_emb, tag_emb])
encoded = LSTM(16)(combined)
intent = Dense(7, activation="softmax", name="intent")(encoded)

model = keras.Model([words, pos_tags], intent)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
