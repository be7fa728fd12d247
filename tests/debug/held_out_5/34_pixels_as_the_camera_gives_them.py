# FAMILY: silent
# LINE: 14
# CAUSE: street
# TEACHER: street gets pixels from 0 to 255; divide them by 255 or begin with a Rescaling layer.

import keras
import numpy as np
from keras.layers import Conv2D, Dense, GlobalAveragePooling2D, MaxPooling2D

rng = np.random.default_rng(34)
x = rng.integers(0, 256, size=(48, 20, 20, 3)).astype("float32")
y = rng.integers(0, 2, size=(48, 1)).astype("float32")

street = keras.Input(shape=(20, 20, 3), name="street")
maps = Conv2D(8, 3, activation="relu")(street)
maps = MaxPooling2D()(maps)
maps = Conv2D(16, 3, activation="relu")(maps)
seen = GlobalAveragePooling2D()(maps)
pedestrian = Dense(1, activation="sigmoid", name="pedestrian")(seen)

model = keras.Model(street, pedestrian)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
