# FAMILY: silent
# LINE: 28
# CAUSE: spam
# TEACHER: spam has a sigmoid already and the loss applies another one with from_logits=True: take
#   the activation away or from_logits.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(31)
x = (rng.random((80, 50)) < 0.1).astype("float32")
y = rng.integers(0, 2, size=(80, 1)).astype("float32")


def classifier(words, hidden=(24, 12)):
    t = words
    for number, units in enumerate(hidden):
        t = layers.Dense(units, activation="relu", name=f"hidden_{number}")(t)
        t = layers.Dropout(0.3, name=f"rest_{number}")(t)
    return layers.Dense(1, activation="sigmoid", name="spam")(t)


words = keras.Input((50,), name="words")
model = keras.Model(words, classifier(words))
model.compile(
    optimizer=keras.optimizers.Adam(1e-3),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy()],
)
