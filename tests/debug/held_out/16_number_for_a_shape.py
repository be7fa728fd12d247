# WANT: as many inputs as the table has columns
# FAMILY: input
# LINE: 15
# CAUSE: measures
# SENTENCE: `measures` gets the number 5 for its shape; a shape is a tuple: write shape=(table.shape[1],) with a comma.
# FIX: LINE 15: measures = Input(shape=(table.shape[1],), name="measures")
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras.layers import BatchNormalization, Dense

table = np.random.default_rng(0).normal(size=(24, 5))
target = table @ np.arange(5.0)

measures = Input(shape=table.shape[1], name="measures")
x = BatchNormalization()(measures)
x = Dense(8, activation="swish")(x)
model = Model(inputs=measures, outputs=Dense(1, name="crop")(x))
model.compile("adam", "mse")
