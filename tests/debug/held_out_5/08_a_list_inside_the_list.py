# FAMILY: merge
# LINE: 19
# CAUSE: embedded
# TEACHER: embedded is itself a list; put its tensors beside numeric with [numeric, *embedded].

import keras
from keras import layers

CATEGORIES = {"brand": 12, "fuel": 4, "colour": 9}

numeric = keras.Input((5,), name="numeric")
cat_inputs, embedded = [], []
for column, size in CATEGORIES.items():
    entry = keras.Input((1,), name=column, dtype="int32")
    vector = layers.Embedding(size, 3)(entry)
    cat_inputs.append(entry)
    embedded.append(layers.Flatten()(vector))

everything = layers.concatenate([numeric, embedded])
h = layers.Dense(16, activation="relu")(everything)
price = layers.Dense(1, name="price")(h)

model = keras.Model([numeric, *cat_inputs], price)
model.compile(optimizer="rmsprop", loss="mae")
