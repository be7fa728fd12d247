# WANT: three sources of information for one forecast
# FAMILY: silent
# LINE: -
# CAUSE: weather
# SENTENCE: the Input `weather` is listed but never joined, so it cannot influence the forecast.
# FIX: LINE 14: codes = [L.Dense(6, activation="relu", name=f"{n}_code")(feeds[n]) for n in sizes]
import keras as k
import numpy as np
from keras import layers as L

sizes = {"history": 10, "weather": 4, "calendar": 7}
feeds = {name: k.Input((size,), name=name) for name, size in sizes.items()}
used = ("history", "calendar")
codes = [L.Dense(6, activation="relu", name=f"{n}_code")(feeds[n]) for n in used]
demand = L.Dense(1, name="demand")(L.Concatenate()(codes))
model = k.Model(inputs=feeds, outputs=demand)
model.compile(optimizer="adam", loss="mse")
rng = np.random.default_rng(43)
x = {name: rng.normal(size=(24, size)) for name, size in sizes.items()}
y = rng.normal(size=(24, 1))
