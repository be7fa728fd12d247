# The generator is trained through a critic that stays as it is, as in a GAN.
import numpy as np
from keras import Input, Model, Sequential, layers

rng = np.random.default_rng(106)
generator = Sequential(
    [Input((4,)), layers.Dense(16, activation="relu"), layers.Dense(10, activation="tanh")],
    name="generator",
)
critic = Sequential(
    [Input((10,)), layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")],
    name="critic",
)
critic.compile("adam", "binary_crossentropy")
critic.fit(rng.uniform(-1, 1, (16, 10)), rng.integers(0, 2, (16, 1)), verbose=0)
critic.trainable = False
noise = Input((4,), name="noise")
model = Model(noise, critic(generator(noise)), name="gan")
model.compile(optimizer="adam", loss="binary_crossentropy")
x, y = rng.normal(size=(16, 4)), np.ones((16, 1))
