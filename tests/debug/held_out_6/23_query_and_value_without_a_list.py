# FAMILY: sequence
# LINE: 22
# CAUSE: Attention
# TEACHER: The Attention layer takes one list, [query, value]; other than MultiHeadAttention it does
#   not take them one by one.

import keras
from keras import layers


def encode(ids, vocabulary, width=24):
    vectors = layers.Embedding(vocabulary, width)(ids)
    return layers.Conv1D(width, 3, padding="same", activation="relu")(vectors)


question = keras.Input(shape=(10,), dtype="int32", name="question")
passage = keras.Input(shape=(60,), dtype="int32", name="passage")

query = encode(question, 800)
value = encode(passage, 800)

context = layers.Attention()(query, value)
pooled = [layers.GlobalAveragePooling1D()(t) for t in (query, context)]
features = layers.Concatenate()(pooled)
answer = layers.Dense(50, activation="softmax", name="answer")(features)

qa = keras.Model([question, passage], answer)
qa.compile("adam", loss="sparse_categorical_crossentropy")
