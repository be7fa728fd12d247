# The target of the comparison is held still; the encoder still learns from the other side.
import keras
import numpy as np
from keras import layers, ops

rng = np.random.default_rng(124)
view = keras.Input((10,), name="view")
other = keras.Input((10,), name="other")
encoder = keras.Sequential([keras.Input((10,)), layers.Dense(8, activation="relu")], name="encoder")
predicted = layers.Dense(8, name="predictor")(encoder(view))
target = ops.stop_gradient(encoder(other))
distance = ops.mean(ops.square(predicted - target), axis=-1, keepdims=True)
model = keras.Model([view, other], distance)
model.compile(optimizer="adam", loss="mae")
x = [rng.normal(size=(16, 10)), rng.normal(size=(16, 10))]
y = np.zeros((16, 1))
