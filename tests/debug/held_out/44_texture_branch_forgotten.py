# WANT: look at edges and at texture
# FAMILY: silent
# LINE: -
# CAUSE: texture
# SENTENCE: the branch `texture` is computed and goes nowhere: `edges` was joined with itself.
# FIX: LINE 13: both = layers.Concatenate(name="both")([edges, texture])
import numpy as np
from keras import Input, Model, layers

cloth = Input((16, 16, 1), name="cloth")
edges = layers.Conv2D(6, 3, padding="same", activation="relu", name="edges")(cloth)
texture = layers.Conv2D(6, 7, padding="same", activation="relu", name="texture")(cloth)
both = layers.Concatenate(name="both")([edges, edges])
fault = layers.Dense(1, activation="sigmoid", name="fault")(layers.GlobalMaxPooling2D()(both))
model = Model(inputs=cloth, outputs=fault)
model.compile(optimizer="adam", loss="binary_crossentropy")
rng = np.random.default_rng(44)
x, y = rng.random((12, 16, 16, 1)), rng.integers(0, 2, (12, 1))
