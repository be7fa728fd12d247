# FAMILY: graph
# LINE: 17
# CAUSE: code_in
# TEACHER: The reconstruction is built on code_in, an Input of its own; call the decoder on the
#   encoder's code.

from keras import Input, Model
from keras.layers import Dense


class Autoencoder:
    def __init__(self, width=50, code=3):
        self.width = width
        self.code = code
        self.make_encoder()
        self.make_decoder()
        self.auto = Model(self.signal, self.restored, name="auto")
        self.auto.compile("adam", "mse")

    def make_encoder(self):
        self.signal = Input((self.width,), name="signal")
        h = Dense(24, activation="relu")(self.signal)
        self.latent = Dense(self.code, name="latent")(h)
        self.encoder = Model(self.signal, self.latent, name="encoder")

    def make_decoder(self):
        code_in = Input((self.code,), name="code_in")
        h = Dense(24, activation="relu")(code_in)
        self.restored = Dense(self.width, name="restored")(h)
        self.decoder = Model(code_in, self.restored, name="decoder")


ae = Autoencoder()
ae.auto.summary()
