# FAMILY: input
# LINE: 24
# CAUSE: right
# TEACHER: left stands twice in the list of inputs and right is missing: inputs=[left, right].

import keras
from keras import layers, ops


def tower(side=20):
    entry = layers.Input((side, side, 1))
    x = layers.Flatten()(entry)
    x = layers.Dense(32, activation="relu")(x)
    return keras.Model(entry, layers.Dense(8)(x))


shared = tower()
left = layers.Input((20, 20, 1), name="left")
right = layers.Input((20, 20, 1), name="right")

apart = layers.Lambda(lambda pair: ops.abs(pair[0] - pair[1]))([shared(left), shared(right)])
same = layers.Dense(1, activation="sigmoid", name="same")(apart)

siamese = keras.Model(inputs=[left, left], outputs=same)
siamese.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
