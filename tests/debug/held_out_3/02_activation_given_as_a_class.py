# FAMILY: values
# LINE: 25
# CAUSE: LeakyReLU
# TEACHER: activation= got the class LeakyReLU, which makes a layer when called with a tensor;
#   write LeakyReLU().

import keras
import numpy as np
from keras import layers

# churn prediction, a handful of customer columns
rng = np.random.default_rng(11)
customers = rng.normal(size=(120, 9)).astype("float32")
churned = rng.integers(0, 2, size=(120, 1))

inp = keras.Input(shape=(customers.shape[1],), name="customer")
net = layers.BatchNormalization()(inp)
for depth, units in enumerate((48, 24)):
    net = layers.Dense(units, activation=layers.LeakyReLU, name=f"fc{depth}")(net)
    net = layers.Dropout(0.2)(net)
prob = layers.Dense(1, activation="sigmoid", name="churn")(net)

clf = keras.Model(inp, prob)
clf.compile(optimizer="adam", loss="binary_crossentropy", metrics=["AUC"])
clf.fit(customers, churned, batch_size=32, epochs=1, verbose=0)
