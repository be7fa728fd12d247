# Logits for every pixel and class numbers as the target.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(123)
street = keras.Input((None, None, 3), name="street")
near = layers.Conv2D(6, 3, padding="same", activation="relu")(street)
far = layers.Conv2D(6, 3, padding="same", dilation_rate=3, activation="relu")(street)
logits = layers.Conv2D(4, 1, name="logits")(layers.Concatenate()([near, far]))
model = keras.Model(street, logits)
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
x, y = rng.random((4, 18, 18, 3)), rng.integers(0, 4, (4, 18, 18))
