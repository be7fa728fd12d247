# FAMILY: values
# LINE: 20
# CAUSE: Concatenate
# TEACHER: Concatenate gets a generator, which is no tensor; give it a list: square brackets
#   around the comprehension.

import keras
from keras import layers

CARDINALITIES = {"store": 45, "promo": 4, "holiday": 3, "weekday": 7}


def embed(source, name):
    size = CARDINALITIES[name]
    vector = layers.Embedding(size, min(8, size // 2 + 1), name=f"emb_{name}")(source)
    return layers.Flatten(name=f"flat_{name}")(vector)


sources = {n: keras.Input(shape=(1,), dtype="int32", name=n) for n in CARDINALITIES}
joined = layers.Concatenate()(embed(src, n) for n, src in sources.items())
x = layers.Dense(64, activation="relu")(joined)
x = layers.Dropout(0.1)(x)
x = layers.Dense(32, activation="relu")(x)
sales = layers.Dense(1, name="log_sales")(x)

model = keras.Model(sources, sales)
model.compile(optimizer=keras.optimizers.Adam(3e-4), loss="mae")
