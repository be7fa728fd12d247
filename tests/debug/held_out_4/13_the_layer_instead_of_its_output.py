# FAMILY: graph
# LINE: 22
# CAUSE: features
# TEACHER: get_layer("features") is a layer, and outputs wants a tensor: write
#   get_layer("features").output.

import keras
import numpy as np
from keras import layers

photo = keras.Input((32, 32, 3), name="photo")
t = layers.Conv2D(8, 3, activation="relu", name="conv_a")(photo)
t = layers.MaxPooling2D()(t)
t = layers.Conv2D(16, 3, activation="relu", name="conv_b")(t)
t = layers.GlobalAveragePooling2D(name="features")(t)
t = layers.Dense(10, activation="softmax", name="label")(t)
trained = keras.Model(photo, t)


def embeddings(model, pictures, layer_name):
    tapped = model.get_layer(layer_name)
    extractor = keras.Model(inputs=model.input, outputs=tapped)
    return extractor.predict(pictures, verbose=0)


gallery = np.random.default_rng(3).random((12, 32, 32, 3), dtype="float32")
vectors = embeddings(trained, gallery, "features")
nearest = np.argsort(((vectors - vectors[0]) ** 2).sum(axis=1))
