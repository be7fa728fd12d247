# WANT: classify long recordings
# FAMILY: silent
# LINE: -
# CAUSE: flat
# SENTENCE: `flat` makes 24000 values and the next Dense needs 1.5 million weights, nearly all of the model: pool over time instead.
# FIX: LINE 14: flat = L.GlobalAveragePooling1D(name="flat")(L.Concatenate()(views))
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras import layers as L

recording = Input((1500, 2), name="recording")
views = [L.Conv1D(8, w, padding="same", activation="relu", name=f"w{w}")(recording) for w in (3, 9)]
flat = L.Flatten(name="flat")(L.Concatenate()(views))
hidden = L.Dense(64, activation="relu", name="hidden")(flat)
model = Model(recording, L.Dense(3, activation="softmax", name="bird")(hidden))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
rng = np.random.default_rng(55)
x, y = rng.normal(size=(6, 1500, 2)), rng.integers(0, 3, 6)
