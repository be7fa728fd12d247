# FAMILY: shape
# LINE: 15
# CAUSE: to_patches
# TEACHER: 60 is no multiple of the patch of 16: 3 x 3 patches hold 6912 numbers, the picture
#   10800, so to_patches cannot reshape; take 48, 64 or a patch of 12.

import keras
from keras import layers


def tiny_vit(image_size=60, patch=16, dim=32, depth=2, classes=5):
    per_side = image_size // patch
    tiles = keras.Input((image_size, image_size, 3), name="tiles")
    x = layers.Rescaling(1 / 255)(tiles)
    x = layers.Reshape((per_side**2, patch * patch * 3), name="to_patches")(x)
    x = layers.Dense(dim, name="project")(x)
    for _ in range(depth):
        y = layers.LayerNormalization()(x)
        y = layers.MultiHeadAttention(2, dim // 2)(y, y)
        x = layers.Add()([x, y])
        y = layers.LayerNormalization()(x)
        y = layers.Dense(dim, activation="gelu")(y)
        x = layers.Add()([x, y])
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(tiles, layers.Dense(classes, activation="softmax")(x))


vit = tiny_vit()
vit.compile("adamw", "sparse_categorical_crossentropy")
