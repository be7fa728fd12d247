# WANT: three convolutions over a window of 24 steps
# FAMILY: shape
# LINE: 17
# CAUSE: conv3
# SENTENCE: after two poolings only 3 steps are left, and `conv3` with kernel 5 does not fit in: use padding="same" or pool less.
# FIX: LINE 17: net.add(layers.Conv1D(16, 5, padding="same", activation="relu", name="conv3"))
# ruff: noqa: E501
import keras
from keras import layers

net = keras.Sequential(name="net")
net.add(keras.Input((24, 3)))
net.add(layers.Conv1D(8, 5, activation="relu", name="conv1"))
net.add(layers.AveragePooling1D(2, name="pool1"))
net.add(layers.Conv1D(8, 5, activation="relu", name="conv2"))
net.add(layers.AveragePooling1D(2, name="pool2"))
net.add(layers.Conv1D(16, 5, activation="relu", name="conv3"))
net.add(layers.GlobalMaxPooling1D())
window = keras.Input((24, 3), name="window")
model = keras.Model(window, layers.Dense(1, name="fall")(net(window)))
