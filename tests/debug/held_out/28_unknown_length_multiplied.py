# WANT: flatten a sound of any length by hand
# FAMILY: shape
# LINE: 15
# CAUSE: audio
# SENTENCE: the length of `audio` is None, so it cannot be multiplied: give it a fixed length, or pool over time.
# FIX: LINE 15:     flat = layers.GlobalAveragePooling1D(name="flat")(x)
# ruff: noqa: E501
import keras
from keras import layers


def build(bands=12):
    audio = keras.Input((None, bands), name="audio")
    x = layers.Conv1D(6, 3, padding="same", activation="relu", name="listen")(audio)
    flat = layers.Reshape((x.shape[1] * x.shape[2],), name="flat")(x)
    return keras.Model(audio, layers.Dense(4, activation="softmax", name="genre")(flat))


model = build()
model.compile("adam", "sparse_categorical_crossentropy")
