# FAMILY: values
# LINE: 20
# CAUSE: encoded
# TEACHER: encoded is a symbolic tensor of Keras, and tf.matmul works on numbers only; use
#   keras.ops.matmul, or a Lambda layer around the channel.

import keras
import numpy as np
import tensorflow as tf
from keras.layers import Dense, GaussianNoise, Input

rng = np.random.default_rng(1)
# the parity bits that the sender adds to four bits of the message
h = tf.constant(rng.integers(0, 2, size=(7, 7)), dtype="float32")

message = Input(shape=(4,))
encoded = Dense(32, activation="relu")(message)
encoded = Dense(7, activation="tanh")(encoded)

sent = tf.matmul(encoded, h)
received = GaussianNoise(0.2)(sent)

decoded = Dense(32, activation="relu")(received)
decoded = Dense(4, activation="sigmoid")(decoded)

radio = keras.Model(message, decoded)
radio.compile("adam", "binary_crossentropy")
radio.summary()
