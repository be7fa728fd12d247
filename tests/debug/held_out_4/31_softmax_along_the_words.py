# FAMILY: silent
# LINE: 21
# CAUSE: tag_prob
# TEACHER: tag_prob takes its softmax over axis 1, the words, so the tags of one word do not sum
#   to 1: axis=-1.

import keras
import numpy as np
from keras import layers

STEPS, WORDS, TAGS = 18, 400, 7
rng = np.random.default_rng(31)
x = rng.integers(1, WORDS, size=(64, STEPS))
y = rng.integers(0, TAGS, size=(64, STEPS))

sentence = keras.Input((STEPS,), dtype="int32", name="sentence")
vectors = layers.Embedding(WORDS, 16)(sentence)
context = layers.Bidirectional(layers.GRU(12, return_sequences=True))(vectors)
context = layers.LayerNormalization()(context)
scores = layers.Dense(TAGS, name="tag_score")(context)
probs = layers.Softmax(axis=1, name="tag_prob")(scores)

model = keras.Model(sentence, probs)
model.compile(
    optimizer=keras.optimizers.Adam(1e-3),
    loss=keras.losses.SparseCategoricalCrossentropy(),
    metrics=["accuracy"],
)
