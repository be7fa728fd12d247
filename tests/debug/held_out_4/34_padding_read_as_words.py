# FAMILY: silent
# LINE: 21
# CAUSE: mask_zero
# TEACHER: The sentences are filled up with zeros and the Embedding has no mask_zero=True, so the
#   LSTM reads on through the padding.

import keras
import numpy as np
from keras import layers
from keras.utils import pad_sequences

VOCAB, MAXLEN = 600, 60
rng = np.random.default_rng(34)
texts = [rng.integers(1, VOCAB, size=rng.integers(4, 15)).tolist() for _ in range(80)]
x = pad_sequences(texts, maxlen=MAXLEN, padding="post")
y = rng.integers(0, 2, size=(80, 1)).astype("float32")


def comment_model():
    comment = keras.Input(shape=(MAXLEN,), dtype="int32", name="comment")
    words = layers.Embedding(VOCAB, 24, name="words")(comment)
    read = layers.LSTM(24, name="read")(words)
    read = layers.Dropout(0.3)(read)
    toxic = layers.Dense(1, activation="sigmoid", name="toxic")(read)
    return keras.Model(comment, toxic)


model = comment_model()
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
