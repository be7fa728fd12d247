# FAMILY: input
# LINE: 16
# CAUSE: batch_size
# TEACHER: The shape of an Input leaves the batch out; batch_size does not belong in it, (timesteps,
#   features) is enough.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(10)
load = rng.normal(size=(320, 24, 3)).astype("float32")
batch_size, timesteps, features = 32, load.shape[1], load.shape[2]

inputs = keras.layers.Input(shape=(batch_size, timesteps, features))
lstm_1 = layers.LSTM(16, return_sequences=True)(inputs)
drop_1 = layers.Dropout(0.2)(lstm_1)
lstm_2 = layers.LSTM(8)(drop_1)
outputs = layers.Dense(1)(lstm_2)

model = keras.Model(inputs=inputs, outputs=outputs)
model.compile(loss="mae", optimizer="adam")
model.fit(load, load[:, -1, 0], batch_size=batch_size, epochs=1, verbose=0)
