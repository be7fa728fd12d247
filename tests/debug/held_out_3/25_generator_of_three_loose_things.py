# FAMILY: fit
# LINE: 36
# CAUSE: batches
# TEACHER: The generator yields (users, films, stars): Keras reads films as targets and stars as
#   weights; yield ((users, films), stars).

import keras
import numpy as np
from keras import layers

N_USERS, N_FILMS = 60, 90
rng = np.random.default_rng(99)
ratings = np.column_stack(
    [rng.integers(0, N_USERS, 400), rng.integers(0, N_FILMS, 400), rng.integers(1, 6, 400)]
)


def batches(table, size=40):
    while True:
        rng.shuffle(table)
        for start in range(0, len(table), size):
            part = table[start : start + size]
            yield part[:, 0], part[:, 1], part[:, 2].astype("float32")


def embed(name, count):
    ident = keras.Input((), dtype="int32", name=name)
    return ident, layers.Embedding(count, 8, name=f"{name}_vectors")(ident)


user, user_vec = embed("user", N_USERS)
film, film_vec = embed("film", N_FILMS)
match = layers.Dot(axes=1, normalize=False)([user_vec, film_vec])
ranker = keras.Model([user, film], match)
ranker.compile("adagrad", "mse")
ranker.fit(batches(ratings), steps_per_epoch=10, epochs=1, verbose=0)
