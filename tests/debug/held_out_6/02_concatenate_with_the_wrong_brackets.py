# FAMILY: values
# LINE: 27
# CAUSE: Concatenate
# TEACHER: The list went into the brackets that make the Concatenate layer; it belongs into a second
#   pair: Concatenate()([cnn, rnn]). As it is, merged is a layer and no tensor.

import keras
from keras.layers import LSTM, Concatenate, Conv1D, Dense, Embedding, GlobalMaxPooling1D


def cnn_part(tokens):
    x = Embedding(500, 16)(tokens)
    x = Conv1D(24, 3, activation="relu")(x)
    return GlobalMaxPooling1D()(x)


def rnn_part(tokens):
    x = Embedding(500, 16)(tokens)
    return LSTM(24)(x)


tweet = keras.Input(shape=(40,), dtype="int32")
cnn = cnn_part(tweet)
rnn = rnn_part(tweet)

merged = Concatenate([cnn, rnn])
hidden = Dense(16, activation="relu")(merged)
mood = Dense(3, activation="softmax")(hidden)

model = keras.Model(inputs=tweet, outputs=mood)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
