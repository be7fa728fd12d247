# FAMILY: shape
# LINE: 15
# CAUSE: melody
# TEACHER: The length of melody is None, so Dense has no number of units; fix the length in the
#   Input or ask for the width, shape[2].

import keras
from keras import layers


def gate(t):
    """Weigh every step of a sequence."""
    steps = t.shape[1]
    weights = layers.GlobalAveragePooling1D()(t)
    weights = layers.Dense(steps, activation="sigmoid")(weights)
    weights = layers.Reshape((steps, 1))(weights)
    return layers.Multiply()([t, weights])


melody = keras.Input((None, 12), name="melody")
gated = gate(melody)
summary = layers.GlobalMaxPooling1D()(gated)
composer = layers.Dense(6, activation="softmax", name="composer")(summary)
recogniser = keras.Model(melody, composer)
