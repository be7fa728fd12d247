# WANT: predict a rating from one to five stars
# FAMILY: fit
# LINE: 22
# CAUSE: stars
# SENTENCE: `stars` runs from 1 to 5, but five units count their classes 0 to 4: subtract 1.
# FIX: LINE 22: model.fit({"review": review_data, "price": price_data}, stars - 1, verbose=0)
import numpy as np
from keras import Input, Model
from keras import layers as L

rng = np.random.default_rng(4)
review_data = rng.integers(0, 50, size=(40, 8))
price_data = rng.random((40, 1))
stars = np.tile(np.arange(1, 6), 8)

review = Input((8,), dtype="int32", name="review")
price = Input((1,), name="price")
x = L.GlobalAveragePooling1D()(L.Embedding(50, 6)(review))
rating = L.Dense(5, activation="softmax", name="rating")(L.Concatenate()([x, price]))
model = Model({"review": review, "price": price}, rating)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit({"review": review_data, "price": price_data}, stars, verbose=0)
