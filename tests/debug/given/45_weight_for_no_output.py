# FAMILY: fit
# LINE: 16
# CAUSE: kinds
# SENTENCE: loss_weights has `kinds`, and the output is called `kind`.
# FIX: loss_weights={'kind': 0.5, 'box': 1.0}
import keras
import numpy as np
from keras import layers

given = keras.Input((8,))
kind = layers.Dense(3, name="kind")(given)
box = layers.Dense(4, name="box")(given)
model = keras.Model(given, {"kind": kind, "box": box})
model.compile(loss={"kind": "mse", "box": "mse"}, loss_weights={"kinds": 0.5})
labels = {"kind": np.zeros((16, 3)), "box": np.zeros((16, 4))}
model.fit(np.zeros((16, 8)), labels, verbose=0)
