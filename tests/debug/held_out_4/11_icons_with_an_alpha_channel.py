# FAMILY: input
# LINE: 25
# CAUSE: icon
# TEACHER: The backbone was built for 3 channels, and icon has 4, the last one transparency: leave
#   it out, icon[..., :3].

import keras
from keras import layers


def make_backbone(side):
    rgb = keras.Input((side, side, 3), name="rgb")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(rgb)
    for i, width in enumerate((8, 16, 24)):
        x = layers.Conv2D(width, 3, strides=2, padding="same", name=f"conv{i}")(x)
        x = layers.BatchNormalization(name=f"bn{i}")(x)
        x = layers.ReLU(name=f"relu{i}")(x)
    return keras.Model(rgb, x, name="backbone")


backbone = make_backbone(64)
backbone.trainable = False

icon = keras.Input(shape=(64, 64, 4), name="icon")  # png: red, green, blue, alpha
maps = backbone(icon, training=False)
vec = layers.GlobalAveragePooling2D()(maps)
vec = layers.Dropout(0.25)(vec)
category = layers.Dense(30, activation="softmax", name="category")(vec)
sorter = keras.Model(icon, category)
