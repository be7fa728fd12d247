# FAMILY: fit
# LINE: 16
# CAUSE: klass
# SENTENCE: There is no output `klass`.
# FIX: loss={'kind': ...}
import keras
import numpy as np
from keras import layers

given = keras.Input((8,))
kind = layers.Dense(3, name="kind")(given)
box = layers.Dense(4, name="box")(given)
model = keras.Model(given, [kind, box])
model.compile(loss={"klass": "mse", "box": "mse"})
labels = {"klass": np.zeros((16, 3)), "box": np.zeros((16, 4))}
model.fit(np.zeros((16, 8)), labels, verbose=0)
