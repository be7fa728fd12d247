# The same step is applied three times: weight sharing on purpose.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(118)
guess = keras.Input((8,), name="guess")
step = keras.Sequential(
    [keras.Input((16,)), layers.Dense(16, activation="relu"), layers.Dense(8)], name="step"
)
state = guess
for _ in range(3):
    state = state + step(layers.Concatenate()([state, guess]))
model = keras.Model(guess, state)
model.compile(optimizer="adam", loss="mse")
x = rng.normal(size=(16, 8))
y = np.sin(x)
