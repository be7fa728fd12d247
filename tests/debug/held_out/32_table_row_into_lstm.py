# WANT: forecast from the last 24 sales
# FAMILY: sequence
# LINE: 13
# CAUSE: sales
# SENTENCE: a recurrent layer wants steps x features, and `sales` has only one axis: make it (24, 1).
# FIX: LINE 11: sales = keras.Input(shape=(24, 1), name="sales")
# ruff: noqa: E501
import keras
from keras.layers import LSTM, Concatenate, Dense

sales = keras.Input(shape=(24,), name="sales")
month = keras.Input(shape=(12,), name="month")
memory = LSTM(units=10, name="memory")(sales)
joined = Concatenate()([memory, month])
model = keras.Model(inputs=[sales, month], outputs=Dense(1, name="next_sale")(joined))
model.compile(loss="mae", optimizer="adam")
