# FAMILY: fit
# LINE: 14
# CAUSE: sparse_categorical_crossentropy
# SENTENCE: The labels are one-hot, and the loss wants class numbers.
# FIX: loss='categorical_crossentropy'
import keras
import numpy as np
from keras import layers

given = keras.Input((8,))
model = keras.Model(given, layers.Dense(10, activation="softmax")(given))
model.compile(loss="sparse_categorical_crossentropy")
labels = np.eye(10)[np.zeros(16, int)]
model.fit(np.zeros((16, 8)), labels, verbose=0)
