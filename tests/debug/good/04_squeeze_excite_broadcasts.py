# The gate is (1, 1, 12) and scales every pixel: broadcasting on purpose.
import numpy as np
from keras import Input, Model, layers

rng = np.random.default_rng(104)
leaf = Input((10, 10, 3), name="leaf")
maps = layers.Conv2D(12, 3, padding="same", activation="relu", name="maps")(leaf)
gate = layers.GlobalAveragePooling2D(keepdims=True)(maps)
gate = layers.Dense(3, activation="relu", name="squeeze")(gate)
gate = layers.Dense(12, activation="sigmoid", name="excite")(gate)
scaled = layers.Multiply()([maps, gate])
healthy = layers.Dense(1, activation="sigmoid")(layers.GlobalAveragePooling2D()(scaled))
model = Model(leaf, healthy)
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
x, y = rng.random((10, 10, 10, 3)), rng.integers(0, 2, (10, 1))
