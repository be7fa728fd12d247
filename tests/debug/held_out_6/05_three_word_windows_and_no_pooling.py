# FAMILY: merge
# LINE: 19
# CAUSE: Conv1D
# TEACHER: Every Conv1D leaves another length (28, 27, 26), so they cannot stand side by side; pool
#   each with GlobalMaxPooling1D first, or give them padding="same".

import keras
from keras import layers

VOCABULARY = 2000
SENTENCE = 30

words = keras.Input(shape=(SENTENCE,), dtype="int32", name="words")
embedded = layers.Embedding(VOCABULARY, 24)(words)
embedded = layers.SpatialDropout1D(0.2)(embedded)

# one convolution for every size of window, as in the paper
branches = [layers.Conv1D(16, size, activation="relu")(embedded) for size in (3, 4, 5)]
joined = layers.concatenate(branches)
joined = layers.GlobalMaxPooling1D()(joined)
joined = layers.Dropout(0.5)(joined)
polarity = layers.Dense(1, activation="sigmoid")(joined)

textcnn = keras.Model(words, polarity, name="textcnn")
textcnn.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
