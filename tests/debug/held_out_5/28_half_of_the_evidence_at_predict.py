# FAMILY: fit
# LINE: 26
# CAUSE: history
# TEACHER: The model has two inputs, profile and history, and predict got one array; pass both,
#   [profiles[:5], histories[:5]].

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(28)
profiles = rng.normal(size=(50, 6)).astype("float32")
histories = rng.normal(size=(50, 8, 3)).astype("float32")
clicked = rng.integers(0, 2, size=(50, 1)).astype("float32")

profile = keras.Input((6,), name="profile")
history = keras.Input((8, 3), name="history")
a = layers.Dense(8, activation="relu")(profile)
b = layers.GRU(4)(history)
click = layers.Dense(1, activation="sigmoid")(layers.concatenate([a, b]))

ctr = keras.Model([profile, history], click)
ctr.compile(optimizer="adam", loss="binary_crossentropy")
ctr.fit([profiles, histories], clicked, epochs=1, verbose=0)

top = ctr.predict(profiles[:5], verbose=0)
print(top.ravel())
