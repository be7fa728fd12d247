# FAMILY: silent
# LINE: 22
# CAUSE: score_words
# TEACHER: The Dense inside the Lambda score_words is not a layer of the model: its weights are not
#   trained and not saved. Call the Dense directly.

import keras
import numpy as np
from keras import layers, ops

rng = np.random.default_rng(39)
x = rng.integers(1, 200, size=(50, 10)).astype("int32")
y = rng.integers(0, 2, size=(50, 1)).astype("float32")

scorer = layers.Dense(1, activation="tanh")
scorer.build((None, 10, 16))

comment = keras.Input((10,), dtype="int32", name="comment")
seq = layers.Embedding(200, 16, name="tokens")(comment)
seq = layers.LSTM(16, return_sequences=True, name="reading")(seq)

weights = layers.Lambda(lambda s: ops.softmax(scorer(s), axis=1), name="score_words")(seq)
summary = layers.Multiply(name="weighted")([seq, weights])
summary = layers.GlobalAveragePooling1D(name="mean")(summary)
toxic = layers.Dense(1, activation="sigmoid", name="toxic")(summary)

model = keras.Model(comment, toxic)
model.compile("adam", "binary_crossentropy")
