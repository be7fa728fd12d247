# FAMILY: fit
# LINE: 32
# CAUSE: title
# TEACHER: The dict must use the names of the inputs: title_in and body_in, not title and body.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(31)
shared = layers.Embedding(300, 12, name="words")


def read(name, length):
    ids = keras.Input((length,), dtype="int32", name=name)
    return ids, layers.GlobalAveragePooling1D()(shared(ids))


title_in, title_vec = read("title_in", 8)
body_in, body_vec = read("body_in", 40)
h = layers.Dense(16, activation="relu")(layers.concatenate([title_vec, body_vec]))
spam = layers.Dense(1, activation="sigmoid", name="spam")(h)

mail_filter = keras.Model([title_in, body_in], spam)
mail_filter.compile("adam", "binary_crossentropy")

titles = rng.integers(0, 300, (30, 8))
bodies = rng.integers(0, 300, (30, 40))
mail_filter.fit([titles, bodies], rng.integers(0, 2, (30, 1)), epochs=1, verbose=0)

new_mail = {"title": titles[:5], "body": bodies[:5]}
scores = mail_filter.predict(new_mail, verbose=0)
