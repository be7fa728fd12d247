# FAMILY: silent
# LINE: 19
# CAUSE: ride
# TEACHER: One column of ride is a Unix time of 1.7e9 beside columns around 1: it drowns the
#   others; normalise it or take hour and weekday.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(35)
n = 150
columns = {
    "pickup_time": rng.integers(1_700_000_000, 1_702_000_000, size=n),
    "distance_km": rng.gamma(2.0, 2.0, size=n),
    "passengers": rng.integers(1, 5, size=n),
    "is_airport": rng.integers(0, 2, size=n),
}
x = np.stack(list(columns.values()), axis=1).astype("float32")
y = (0.3 * columns["distance_km"] + rng.normal(0, 0.1, n)).astype("float32").reshape(-1, 1)

ride = keras.Input(shape=(len(columns),), name="ride")
h = ride
for units in (32, 16):
    h = layers.Dense(units, activation="relu")(h)
fare = layers.Dense(1, name="fare")(h)

model = keras.Model(ride, fare)
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
