# FAMILY: fit
# LINE: 23
# CAUSE: churn
# TEACHER: churn is one sigmoid and the labels are one-hot with two columns; leave them as 0 and 1.

import keras
import numpy as np
from keras import layers
from keras.utils import to_categorical

gen = np.random.default_rng(25)
customers = gen.normal(size=(120, 7)).astype("float32")
left = gen.integers(0, 2, size=120)
labels = to_categorical(left)

inputs = keras.Input((7,))
x = layers.Dense(12, activation="relu")(inputs)
x = layers.Dense(6, activation="relu")(x)
churn = layers.Dense(1, activation="sigmoid", name="churn")(x)

clf = keras.Model(inputs, churn)
clf.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
history = clf.fit(customers, labels, batch_size=32, epochs=1, verbose=0)
