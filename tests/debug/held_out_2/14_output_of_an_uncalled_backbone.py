# WANT: put a new head on a small convolutional backbone
# FAMILY: graph
# LINE: 18
# CAUSE: backbone
# SENTENCE: `backbone` has never been called and does not know its input shape, so it has no output yet: call it on a keras.Input first.
# FIX: LINE 17: backbone = keras.Sequential(blocks, name="strokes"); backbone(keras.Input((20, 20, 1)))
# ruff: noqa: E501
import keras
from keras import layers as L

blocks = [
    L.Conv2D(4, 3, activation="relu"),
    L.MaxPooling2D(),
    L.Conv2D(8, 3, activation="relu"),
    L.GlobalAveragePooling2D(),
]
backbone = keras.Sequential(blocks, name="strokes")
digit = L.Dense(10, activation="softmax", name="digit")(backbone.output)
model = keras.Model(backbone.input, digit)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
