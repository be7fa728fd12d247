# FAMILY: merge
# LINE: 23
# CAUSE: pool
# TEACHER: pool has no strides=1: a pooling moves by its pool size, so 28 becomes 10 while the
#   other branches stay at 28.

import keras
from keras import layers as L


def inception(x, f1, f3, f5, fp):
    tower1 = L.Conv2D(f1, 1, padding="same", activation="relu")(x)

    tower3 = L.Conv2D(f3 // 2, 1, padding="same", activation="relu")(x)
    tower3 = L.Conv2D(f3, 3, padding="same", activation="relu")(tower3)

    tower5 = L.Conv2D(f5 // 2, 1, padding="same", activation="relu")(x)
    tower5 = L.Conv2D(f5, 5, padding="same", activation="relu")(tower5)

    tower_p = L.MaxPooling2D((3, 3), padding="same", name="pool")(x)
    tower_p = L.Conv2D(fp, 1, padding="same", activation="relu")(tower_p)

    return L.concatenate([tower1, tower3, tower5, tower_p], axis=-1)


digits = keras.Input((28, 28, 1))
x = L.Conv2D(16, 3, padding="same", activation="relu")(digits)
x = inception(x, 8, 16, 8, 8)
x = L.GlobalAveragePooling2D()(x)
y = L.Dense(10, activation="softmax")(x)
mini_googlenet = keras.Model(inputs=digits, outputs=y)
