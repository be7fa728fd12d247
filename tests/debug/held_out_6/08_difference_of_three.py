# FAMILY: merge
# LINE: 26
# CAUSE: Subtract
# TEACHER: Subtract takes exactly two tensors and gets three; subtract positive and negative from
#   the anchor one after the other.

import keras
from keras import layers


def make_encoder():
    face = keras.Input((24, 24, 1))
    x = layers.Conv2D(8, 3, activation="relu")(face)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(16, 3, activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(face, layers.Dense(12)(x), name="encoder")


encoder = make_encoder()
anchor, positive, negative = (
    keras.Input((24, 24, 1), name=which) for which in ("anchor", "positive", "negative")
)
vectors = [encoder(face) for face in (anchor, positive, negative)]

distance = layers.Subtract()(vectors)
distance = layers.Dense(8, activation="relu")(distance)
closer = layers.Dense(1, activation="sigmoid", name="closer")(distance)

triplet = keras.Model([anchor, positive, negative], closer)
triplet.compile("adam", "binary_crossentropy")
