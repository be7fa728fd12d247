# WANT: mute the first five samples of every recording inside the model
# FAMILY: values
# LINE: 14
# CAUSE: recording
# SENTENCE: `recording` is a symbolic tensor and cannot be changed in place: build a new one, for example by multiplying with a mask of zeros and ones.
# FIX: LINE 14: recording = recording * np.concatenate([np.zeros((5, 1)), np.ones((35, 1))]).astype("float32")
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras import layers as L

sound = Input((40, 1), name="sound")
recording = L.Conv1D(1, 3, padding="same", name="smooth")(sound)
recording[:, :5] = 0
x = L.Conv1D(8, 5, activation="relu")(recording)
x = L.GlobalMaxPooling1D()(x)
model = Model(sound, L.Dense(2, activation="softmax")(x))
print(model.predict(np.ones((2, 40, 1)), verbose=0).shape)
