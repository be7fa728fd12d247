# WANT: learn one strength for every sensor
# FAMILY: silent
# LINE: -
# CAUSE: strength
# SENTENCE: the variable `strength` belongs to no layer, so it is not in the model's weights: it is neither trained nor saved.
# FIX: LINE 13: weighted = keras.layers.EinsumDense("bs,s->bs", output_shape=8, name="strength")(sensors)
# ruff: noqa: E501
import keras
import numpy as np

sensors = keras.Input((8,), name="sensors")
strength = keras.Variable(np.ones(8), dtype="float32", name="strength")
weighted = sensors * strength
left = keras.layers.Dense(6, activation="relu", name="left")(weighted)
both = keras.layers.Concatenate()([weighted, left])
alarm = keras.layers.Dense(1, activation="sigmoid", name="alarm")(both)
model = keras.Model(sensors, alarm)
model.compile(optimizer="adam", loss="binary_crossentropy")
rng = np.random.default_rng(45)
x = rng.normal(size=(20, 8))
y = (x[:, :1] > 0).astype("float32")
