# FAMILY: shape
# LINE: 23
# CAUSE: seed_maps
# TEACHER: seed_maps wants 6*6*64 = 2304 numbers and the Dense before it gives 6*6*32 = 1152; one of
#   the two must change.

import keras
from keras import layers

SIDE = 6
DEPTHS = [32, 16]

decoder_stack = [
    layers.Dense(SIDE * SIDE * 32, activation="relu"),
    layers.Reshape((SIDE, SIDE, 64), name="seed_maps"),
    *[layers.Conv2DTranspose(d, 3, 2, padding="same", activation="relu") for d in DEPTHS],
    layers.Conv2D(3, 3, padding="same", activation="sigmoid"),
]

code = keras.Input((10,), name="code")
y = code
for layer in decoder_stack:
    y = layer(y)
decoder = keras.Model(code, y, name="decoder")
