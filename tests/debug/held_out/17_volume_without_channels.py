# WANT: a 3-D convolution over a medical volume
# FAMILY: input
# LINE: 12
# CAUSE: volume
# SENTENCE: Conv3D wants depth x height x width x channels, and `volume` has no channel axis: use (16, 16, 16, 1).
# FIX: LINE 11: volume = keras.Input(shape=(16, 16, 16, 1), name="volume")
# ruff: noqa: E501
import keras
from keras import layers

volume = keras.Input(shape=(16, 16, 16), name="volume")
x = layers.Conv3D(filters=4, kernel_size=3, activation="relu", name="conv")(volume)
x = layers.GlobalAveragePooling3D()(x)
tumour = layers.Dense(1, activation="sigmoid", name="tumour")(x)
model = keras.Model(volume, tumour)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
