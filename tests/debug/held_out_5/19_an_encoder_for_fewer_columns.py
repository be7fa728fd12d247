# FAMILY: shape
# LINE: 23
# CAUSE: tab_encoder
# TEACHER: tab_encoder was built for 16 columns and gets 20, the 16 and the 4 flags together; give
#   it table alone or build it for 20.

import keras
from keras import layers


def make_encoder(n_columns):
    row = keras.Input((n_columns,))
    h = layers.Dense(24, activation="gelu")(row)
    h = layers.LayerNormalization()(h)
    return keras.Model(row, layers.Dense(8)(h), name="tab_encoder")


tab_encoder = make_encoder(16)

table = keras.Input((16,), name="table")
flags = keras.Input((4,), name="flags")
joined = layers.Concatenate()([table, flags])
latent = tab_encoder(joined)
risk = layers.Dense(1, activation="sigmoid")(latent)
scorer = keras.Model({"table": table, "flags": flags}, risk)
