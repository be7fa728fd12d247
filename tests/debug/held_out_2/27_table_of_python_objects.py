# WANT: train on a table that mixes whole numbers, fractions and yes or no
# FAMILY: fit
# LINE: 19
# CAUSE: table
# SENTENCE: `table` has dtype object, because its columns are of different kinds, and cannot become a tensor: table.astype('float32').
# FIX: LINE 19: model.fit(table.astype("float32"), price, epochs=1, verbose=0)
# ruff: noqa: E501
import keras
import numpy as np
from keras import layers

cars = [(120, 4.5, True), (90, 6.1, False), (150, 5.0, True), (70, 7.7, None)]
table = np.array([(power, use, new or False) for power, use, new in cars], dtype=object)
price = np.array([9.5, 4.0, 12.0, 2.5])
car = keras.Input((3,), name="car")
x = layers.Dense(8, activation="relu")(car)
model = keras.Model(car, layers.Dense(1, name="price")(x))
model.compile(optimizer="adam", loss="mse")
model.fit(table, price, epochs=1, verbose=0)
