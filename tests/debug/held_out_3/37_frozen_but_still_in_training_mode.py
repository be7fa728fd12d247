# FAMILY: silent
# LINE: 33
# CAUSE: backbone
# TEACHER: The frozen backbone is called with training=True for good: its batch-norms use and
#   change batch statistics; training=False.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(110)
x = rng.random((48, 24, 24, 3)).astype("float32")
y = rng.integers(0, 3, size=48)


def make_backbone():
    pix = keras.Input((24, 24, 3))
    f = pix
    for n in (8, 16):
        f = layers.Conv2D(n, 3, strides=2, use_bias=False)(f)
        f = layers.BatchNormalization()(f)
        f = layers.ReLU()(f)
    trained = keras.Model(pix, f, name="backbone")
    # stands for load_weights("plants_v2.weights.h5")
    trained.set_weights([rng.uniform(0.1, 0.4, size=w.shape) for w in trained.get_weights()])
    return trained


backbone = make_backbone()
backbone.trainable = False

photo = keras.Input((24, 24, 3), name="photo")
maps = backbone(photo, training=True)
vec = layers.GlobalAveragePooling2D()(maps)
kind = layers.Dense(3, activation="softmax", name="kind")(vec)
model = keras.Model(photo, kind)
model.compile("adam", "sparse_categorical_crossentropy")
