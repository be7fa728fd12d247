# FAMILY: graph
# LINE: 27
# CAUSE: real
# TEACHER: verdict comes from real, not from noise; for the generator's training the critic must
#   look at generator(noise).

import keras
from keras import layers


class Gan:
    def __init__(self, z_dim=8, pixels=36):
        self.z_dim, self.pixels = z_dim, pixels
        z = keras.Input((z_dim,))
        out = layers.Dense(pixels, activation="tanh")(layers.Dense(16, activation="relu")(z))
        self.generator = keras.Model(z, out, name="generator")
        img = keras.Input((pixels,))
        score = layers.Dense(1, activation="sigmoid")(layers.Dense(16)(img))
        self.critic = keras.Model(img, score, name="critic")

    def combined(self):
        noise = keras.Input((self.z_dim,), name="noise")
        real = keras.Input((self.pixels,), name="real")
        fake = self.generator(noise)
        self.critic.trainable = False
        verdict = self.critic(real)
        return keras.Model(noise, [fake, verdict])


gan = Gan().combined()
gan.compile("adam", ["mae", "binary_crossentropy"])
