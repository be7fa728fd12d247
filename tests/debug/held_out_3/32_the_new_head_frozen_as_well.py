# FAMILY: silent
# LINE: 34
# CAUSE: head
# TEACHER: The loop runs over the whole model after the head was added: the new head is frozen
#   too and nothing learns.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(60)
x = rng.random((40, 20, 20, 3)).astype("float32")
y = rng.integers(0, 2, size=(40, 1))


def pretrained(side=20):
    src = keras.Input((side, side, 3))
    f = layers.Conv2D(8, 3, activation="relu")(src)
    f = layers.Conv2D(8, 3, activation="relu")(f)
    f = layers.GlobalAveragePooling2D()(f)
    features = keras.Model(src, f, name="features")
    # the weights of last year's model, here made up
    features.set_weights([rng.normal(scale=0.2, size=w.shape) for w in features.get_weights()])
    return features


base = pretrained()
vec = base.output
vec = layers.Dropout(0.2)(vec)
new = layers.Dense(1, activation="sigmoid", name="head")(vec)
model = keras.Model(base.input, new)

for layer in model.layers:
    layer.trainable = False

model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
