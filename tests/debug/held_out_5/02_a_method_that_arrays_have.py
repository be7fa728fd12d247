# FAMILY: values
# LINE: 15
# CAUSE: reshape
# TEACHER: reshape of a symbolic tensor is not that of an array, it wants one shape, not four
#   numbers; use a layer, Reshape((7, 7, 16)).

from keras import Input, Model
from keras.layers import Conv2DTranspose, Dense, LeakyReLU


def make_generator(latent_dim=20):
    z = Input((latent_dim,))
    hidden = Dense(7 * 7 * 16)(z)
    hidden = LeakyReLU()(hidden)
    hidden = hidden.reshape(-1, 7, 7, 16)
    up = Conv2DTranspose(8, 4, strides=2, padding="same")(hidden)
    up = LeakyReLU()(up)
    img = Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh")(up)
    return Model(z, img, name="generator")


generator = make_generator()
generator.summary()
