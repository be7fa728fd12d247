# WANT: compare every word of a question with every word of a text
# FAMILY: merge
# LINE: 16
# CAUSE: match
# SENTENCE: `match` pairs axis 1, which is 6 words against 15 words; the common axis is the last one with its 10 numbers: axes=2.
# FIX: LINE 16: match = L.Dot(axes=2, name="match")([question_vectors, text_vectors])
# ruff: noqa: E501
from keras import Input, Model
from keras import layers as L

question = Input((6,), dtype="int32", name="question")
text = Input((15,), dtype="int32", name="text")
vectors = L.Embedding(200, 10, name="vectors")
question_vectors = vectors(question)
text_vectors = vectors(text)
match = L.Dot(axes=1, name="match")([question_vectors, text_vectors])
x = L.Softmax(name="where")(match)
x = L.GlobalMaxPooling1D()(x)
model = Model([question, text], L.Dense(1, activation="sigmoid")(x))
