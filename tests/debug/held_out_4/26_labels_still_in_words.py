# FAMILY: fit
# LINE: 30
# CAUSE: species
# TEACHER: species holds words, and a loss counts with numbers: turn them into 0, 1, 2, e.g. with
#   np.unique(return_inverse=True).

import keras
import numpy as np
from keras import layers

NAMES = np.array(["setosa", "versicolor", "virginica"])


def load(n, seed):
    rng = np.random.default_rng(seed)
    which = rng.integers(0, 3, size=n)
    measures = rng.normal(loc=which[:, None], scale=0.4, size=(n, 4))
    return measures.astype("float32"), NAMES[which]


measures, species = load(90, seed=8)

flower = keras.Input(shape=(measures.shape[1],), name="flower")
hidden = layers.Dense(10, activation="relu")(flower)
hidden = layers.Dense(10, activation="relu")(hidden)
prob = layers.Dense(len(NAMES), activation="softmax", name="prob")(hidden)

iris = keras.Model(flower, prob)
iris.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
iris.fit(measures, species, epochs=2, batch_size=15, verbose=0)
iris.evaluate(measures, species, verbose=0)
