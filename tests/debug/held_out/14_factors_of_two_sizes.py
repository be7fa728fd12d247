# WANT: a recommender that multiplies the vectors of a reader and a book
# FAMILY: merge
# LINE: 15
# CAUSE: book_vec
# SENTENCE: a dot product needs vectors of one length, but `reader_vec` has 8 values and `book_vec` has 12.
# FIX: LINE 14: book_vec = Flatten()(Embedding(300, 8, name="book_vec")(book))
# ruff: noqa: E501
from keras import Input, Model
from keras.layers import Dot, Embedding, Flatten

reader = Input((1,), dtype="int32", name="reader")
book = Input((1,), dtype="int32", name="book")
reader_vec = Flatten()(Embedding(50, 8, name="reader_vec")(reader))
book_vec = Flatten()(Embedding(300, 12, name="book_vec")(book))
match = Dot(axes=1, name="match")([reader_vec, book_vec])
model = Model([reader, book], match)
model.compile(optimizer="adam", loss="mse")
