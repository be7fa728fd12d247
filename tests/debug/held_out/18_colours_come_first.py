# WANT: a small CNN for colour photos stored as 3 x 32 x 32
# FAMILY: input
# LINE: 14
# CAUSE: photo
# SENTENCE: `photo` has its channels first (3, 32, 32) and is read as 3 pixels high: transpose to (32, 32, 3).
# FIX: LINE 11: photo = k.Input((32, 32, 3), name="photo")
# ruff: noqa: E501
import keras as k
from keras import layers as L

photo = k.Input((3, 32, 32), name="photo")
x = photo
for number, filters in enumerate((8, 16, 16)):
    x = L.Conv2D(filters, 3, activation="relu", name=f"conv_{number}")(x)
x = L.GlobalAveragePooling2D()(x)
model = k.Model(photo, L.Dense(10, activation="softmax", name="thing")(x))
model.compile("adam", "sparse_categorical_crossentropy")
