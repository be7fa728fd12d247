# FAMILY: graph
# LINE: 21
# CAUSE: text
# TEACHER: Both Inputs are called text; names must be unique in a model: name one title, one body.

import keras
from keras import layers

title = keras.Input(shape=(12,), dtype="int32", name="text")
body = keras.Input(shape=(80,), dtype="int32", name="text")

vocabulary = layers.Embedding(3000, 16, name="vocabulary")
title_vector = layers.GlobalAveragePooling1D()(vocabulary(title))
body_vector = layers.GRU(16)(vocabulary(body))

x = layers.Concatenate()([title_vector, body_vector])
x = layers.Dense(16, activation="relu")(x)
urgent = layers.Dense(1, activation="sigmoid", name="urgent")(x)
department = layers.Dense(4, activation="softmax", name="department")(x)

tickets = keras.Model([title, body], [urgent, department])
tickets.compile(
    optimizer="adam",
    loss={"urgent": "binary_crossentropy", "department": "sparse_categorical_crossentropy"},
)
