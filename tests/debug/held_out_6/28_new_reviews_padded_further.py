# FAMILY: fit
# LINE: 31
# CAUSE: fresh
# TEACHER: The model was made for 20 words and fresh is padded to 30: pad with maxlen=20 here too.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(28)
pad = keras.utils.pad_sequences


def reviews(count, longest):
    return [rng.integers(1, 400, size=rng.integers(5, longest)).tolist() for _ in range(count)]


train = pad(reviews(50, 18), maxlen=20, padding="post")
stars = rng.integers(0, 2, size=50)

review = keras.Input((20,), name="review")
v = layers.Embedding(400, 8)(review)
v = layers.Flatten()(v)
v = layers.Dense(10, activation="relu")(v)
good = layers.Dense(1, activation="sigmoid", name="good")(v)
critic = keras.Model(review, good)
critic.compile("adam", "binary_crossentropy")
critic.fit(train, stars, epochs=1, verbose=0)

fresh = pad(reviews(5, 28), maxlen=30, padding="post")
print(critic.predict(fresh, verbose=0))
