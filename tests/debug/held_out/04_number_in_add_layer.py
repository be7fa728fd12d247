# WANT: shift the prediction by a fixed base temperature
# FAMILY: values
# LINE: 15
# CAUSE: offset
# SENTENCE: Add joins tensors only, and `offset` is a plain number: write `anomaly + offset`, or use a Rescaling layer.
# FIX: LINE 15: shifted = anomaly + offset
# ruff: noqa: E501
from keras import Input, Model
from keras.layers import Add, Dense

offset = 14.5
stations = Input((9,), name="stations")
x = Dense(16, activation="gelu")(stations)
anomaly = Dense(1, name="anomaly")(x)
shifted = Add(name="temperature")([anomaly, offset])
model = Model(inputs=stations, outputs=shifted)
model.compile(optimizer="sgd", loss="mae")
