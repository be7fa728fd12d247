# FAMILY: input
# LINE: 18
# CAUSE: Input
# TEACHER: Input only makes a new, empty entrance and is not called on anything; leave the line out,
#   or let code_in be the Input of a decoder model that is called on code.

import keras
from keras import Input, layers, models

SIZE = 60

x_in = Input(shape=(SIZE,), name="genes")
h = layers.Dense(32, activation="selu")(x_in)
h = layers.Dense(16, activation="selu")(h)
code = layers.Dense(4, name="code")(h)

# from here on the way back
code_in = Input(shape=(4,))(code)
h = layers.Dense(16, activation="selu")(code_in)
h = layers.Dense(32, activation="selu")(h)
x_out = layers.Dense(SIZE, name="rebuilt")(h)

autoencoder = models.Model(x_in, x_out)
autoencoder.compile(loss="mse", optimizer=keras.optimizers.Adam(1e-3))
