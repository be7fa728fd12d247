# FAMILY: sequence
# LINE: 25
# CAUSE: last_state
# TEACHER: last_state has no time axis, and attention compares sequences; give it one step with
#   Reshape((1, 32)).

import keras
import numpy as np
from keras import layers

question = keras.Input((15,), dtype="int32", name="question")
embedded = layers.Embedding(400, 16)(question)
states, last_state = layers.GRU(32, return_sequences=True, return_state=True)(embedded)

mha = layers.MultiHeadAttention(num_heads=2, key_dim=16, name="look_back")
context = mha(last_state, states)
context = layers.Flatten()(context)
summary = layers.Concatenate()([context, last_state])
topic = layers.Dense(8, activation="softmax", name="topic")(summary)

model = keras.Model(question, topic)
model.compile("adam", "sparse_categorical_crossentropy")
rng = np.random.default_rng(24)
asked = rng.integers(0, 400, size=(32, 15))
model.fit(asked, rng.integers(0, 8, size=(32,)), verbose=0)
