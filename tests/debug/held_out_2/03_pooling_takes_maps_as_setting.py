# WANT: pool the feature maps of a small image classifier
# FAMILY: values
# LINE: 14
# CAUSE: maps
# SENTENCE: `maps` went into the brackets that set the layer up; the layer is made with () first and then called on `maps`.
# FIX: LINE 14: pooled = L.GlobalAveragePooling2D()(maps)
# ruff: noqa: E501
from keras import Input, Model
from keras import layers as L

leaf = Input((24, 24, 3), name="leaf")
maps = L.Conv2D(6, 3, activation="relu", name="edges")(leaf)
maps = L.Conv2D(12, 3, activation="relu", name="parts")(maps)
pooled = L.GlobalAveragePooling2D(maps)
disease = L.Dense(5, activation="softmax", name="disease")(pooled)
model = Model(leaf, disease)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
