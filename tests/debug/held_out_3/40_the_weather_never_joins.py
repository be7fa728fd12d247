# FAMILY: silent
# LINE: 26
# CAUSE: weather
# TEACHER: weather is read and passed through weather_fc, but left out of the concatenation: the
#   input has no effect.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(140)
history_days = rng.normal(size=(70, 14, 1)).astype("float32")
shop_ids = rng.integers(0, 10, size=(70, 1))
forecast = rng.normal(size=(70, 5)).astype("float32")
x = [history_days, shop_ids, forecast]
y = rng.normal(size=(70, 1)).astype("float32")

history = keras.Input((14, 1), name="history")
shop = keras.Input((1,), dtype="int32", name="shop")
weather = keras.Input((5,), name="weather")

history_vec = layers.GRU(16)(history)
shop_vec = layers.Flatten()(layers.Embedding(10, 4)(shop))
weather_vec = layers.Dense(8, activation="relu", name="weather_fc")(weather)

joined = layers.concatenate([history_vec, shop_vec])
joined = layers.Dense(16, activation="relu")(joined)
sales = layers.Dense(1, name="sales")(joined)

model = keras.Model([history, shop, weather], sales)
model.compile("adam", "mse")
