# FAMILY: values
# LINE: 16
# CAUSE: log1p
# TEACHER: math.log1p wants one number; income is a symbolic tensor: take keras.ops.log1p(income).

import math

import keras
from keras import layers

NUMBERS = ["income", "debt", "savings"]


def squash(amount):
    """Money is skewed, so look at its logarithm."""
    return math.log1p(amount)


income = keras.Input((1,), name="income")
age = keras.Input((1,), name="age")
job = keras.Input((1,), name="job", dtype="int32")

job_vector = layers.Flatten()(layers.Embedding(20, 4)(job))
features = layers.concatenate([squash(income), age, job_vector])
x = layers.Dense(16, activation="relu")(features)
x = layers.Dense(8, activation="relu")(x)
default = layers.Dense(1, activation="sigmoid", name="default")(x)

credit = keras.Model([income, age, job], default)
credit.compile("adam", "binary_crossentropy", metrics=["AUC"])
