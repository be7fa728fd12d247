# FAMILY: fit
# LINE: 28
# CAUSE: y_test
# TEACHER: X_train has 80 rows and y_test 20; the targets of the training rows are y_train.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(26)
X, y = rng.normal(size=(100, 9)), rng.normal(size=(100,))


def split(a, b, at=80):
    return a[:at], b[:at], a[at:], b[at:]


def regressor(width):
    src = keras.Input((width,))
    out = layers.Dense(1)(layers.Dense(10, activation="elu")(src))
    net = keras.Model(src, out)
    net.compile(optimizer="nadam", loss="mse")
    return net


X_train, y_train, X_test, y_test = split(X, y)
net = regressor(X_train.shape[1])
net.fit(X_train, y_test, epochs=2, verbose=0)
print(net.evaluate(X_test, y_test, verbose=0))
