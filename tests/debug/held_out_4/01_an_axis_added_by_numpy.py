# FAMILY: values
# LINE: 16
# CAUSE: np.expand_dims
# TEACHER: np.expand_dims turns its argument into an array, and weights is a symbolic tensor; use
#   keras.ops.expand_dims or Reshape((1, 24)).

import numpy as np
from keras import Input, Model, layers


def squeeze_excite(seq, ratio):
    width = seq.shape[-1]
    pooled = layers.GlobalAveragePooling1D()(seq)
    hidden = layers.Dense(width // ratio, activation="relu")(pooled)
    weights = layers.Dense(width, activation="sigmoid")(hidden)
    weights = np.expand_dims(weights, axis=1)
    return layers.Multiply()([seq, weights])


ecg = Input(shape=(180, 2), name="ecg")
h = ecg
for filters in (12, 24):
    h = layers.Conv1D(filters, 7, padding="same", activation="relu")(h)
    h = layers.MaxPooling1D(2)(h)
h = squeeze_excite(h, ratio=4)
h = layers.GlobalMaxPooling1D()(h)
rhythm = layers.Dense(5, activation="softmax", name="rhythm")(h)

net = Model(ecg, rhythm)
net.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
