# WANT: watch a validation set while training
# FAMILY: fit
# LINE: 24
# CAUSE: y_val
# SENTENCE: the validation set has 10 rows in x_val but `y_val` has 12: every sample needs exactly one label.
# FIX: LINE 16: y_val = truth[30:]
# ruff: noqa: E501
import keras as k
import numpy as np

rng = np.random.default_rng(6)
table = rng.normal(size=(40, 5))
truth = (table[:, 0] > 0).astype("float32")
x_train, y_train = table[:30], truth[:30]
x_val = table[30:]
y_val = truth[28:]

row = k.Input((5,), name="row")
wide = k.layers.Dense(1, name="wide")(row)
deep = k.layers.Dense(1, name="deep")(k.layers.Dense(8, activation="relu")(row))
late = k.layers.Activation("sigmoid", name="late")(k.layers.Add()([wide, deep]))
model = k.Model(row, late)
model.compile("adam", "binary_crossentropy")
model.fit(x_train, y_train, validation_data=(x_val, y_val), verbose=0)
