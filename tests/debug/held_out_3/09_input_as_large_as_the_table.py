# FAMILY: input
# LINE: 25
# CAUSE: X_train.shape
# TEACHER: Input(shape=X_train.shape) takes the number of rows into the shape; it should be
#   X_train.shape[1:].

import numpy as np
from keras import Model, layers

rng = np.random.default_rng(0)
table = rng.normal(size=(250, 13)).astype("float32")
price = table @ rng.normal(size=13) + rng.normal(scale=0.1, size=250)

split = 200
X_train, X_test = table[:split], table[split:]
y_train, y_test = price[:split], price[split:]

features = layers.Input(shape=X_train.shape, name="features")
hidden = layers.Dense(64, activation="relu")(features)
hidden = layers.Dense(64, activation="relu")(hidden)
out = layers.Dense(1, name="price")(hidden)

reg = Model(inputs=features, outputs=out)
reg.compile(optimizer="rmsprop", loss="mse", metrics=["mae"])
reg.fit(X_train, y_train, validation_data=(X_test, y_test), epochs=2, verbose=0)
print(reg.evaluate(X_test, y_test, verbose=0))
