# WANT: predict an exam score from 0 to 100
# FAMILY: silent
# LINE: -
# CAUSE: score
# SENTENCE: a sigmoid gives at most 1 and the targets go up to 100: leave the activation of `score` out, or divide y by 100.
# FIX: LINE 13: score = layers.Dense(1, name="score")(layers.Concatenate()([effort, pupil]))
# ruff: noqa: E501
import numpy as np
from keras import Input, Model, layers

pupil = Input((5,), name="pupil")
effort = layers.Dense(10, activation="relu", name="effort")(pupil)
score = layers.Dense(1, activation="sigmoid", name="score")(layers.Concatenate()([effort, pupil]))
model = Model(inputs=pupil, outputs=score)
model.compile(optimizer="adam", loss="mse", metrics=["mae"])
rng = np.random.default_rng(60)
x = rng.normal(size=(40, 5))
y = np.clip(55 + 20 * x[:, :1], 0, 100)
