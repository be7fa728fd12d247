# WANT: the chance that a customer leaves
# FAMILY: silent
# LINE: -
# CAUSE: churn
# SENTENCE: `churn` has no activation and binary_crossentropy expects probabilities: add a sigmoid, or use from_logits=True.
# FIX: LINE 14: churn = Dense(1, activation="sigmoid", name="churn")(Concatenate()([deep, account]))
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras.layers import Concatenate, Dense

account = Input((6,), name="account")
deep = Dense(10, activation="relu", name="deep")(account)
churn = Dense(1, name="churn")(Concatenate()([deep, account]))
model = Model(inputs=account, outputs=churn)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
rng = np.random.default_rng(50)
x = rng.normal(size=(32, 6))
y = (x[:, :1] + x[:, 1:2] > 0).astype("float32")
