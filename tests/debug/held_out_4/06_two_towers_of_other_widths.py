# FAMILY: merge
# LINE: 28
# CAUSE: item_vec
# TEACHER: The item tower ends with 16 numbers (item_vec) and the user tower with 32; a dot
#   product needs the same width, so pass DIM to both.

import keras
from keras import layers

DIM = 32
N_USERS, N_ITEMS = 500, 120


def tower(ids, n_ids, label, dim=16):
    vec = layers.Embedding(n_ids + 1, 24, name=f"{label}_table")(ids)
    vec = layers.Flatten()(vec)
    vec = layers.Dense(48, activation="relu")(vec)
    vec = layers.Dense(dim, name=f"{label}_vec")(vec)
    return layers.UnitNormalization(name=f"{label}_unit")(vec)


user_id = keras.Input((1,), name="user_id", dtype="int64")
item_id = keras.Input((1,), name="item_id", dtype="int64")

u = tower(user_id, N_USERS, "user", dim=DIM)
v = tower(item_id, N_ITEMS, "item")

similarity = layers.Dot(axes=1, name="similarity")([u, v])
click = layers.Dense(1, activation="sigmoid", name="click")(similarity)

retrieval = keras.Model([user_id, item_id], click)
retrieval.compile("adagrad", "binary_crossentropy", metrics=["AUC"])
