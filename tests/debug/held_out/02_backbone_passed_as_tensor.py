# WANT: put a new head on a backbone
# FAMILY: values
# LINE: 21
# CAUSE: base
# SENTENCE: `base` is a whole model, not a tensor: call it on `photo` first and pool what it returns.
# FIX: LINE 21: pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(base(photo))
# ruff: noqa: E501
import keras


def make_backbone():
    image = keras.Input((24, 24, 3))
    x = keras.layers.Conv2D(8, 3, strides=2, activation="relu")(image)
    x = keras.layers.Conv2D(16, 3, strides=2, activation="relu")(x)
    return keras.Model(image, x, name="backbone")


photo = keras.Input(shape=(24, 24, 3), name="photo")
base = make_backbone()
base.trainable = False
pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(base)
label = keras.layers.Dense(4, activation="softmax", name="label")(pooled)
model = keras.Model(inputs=photo, outputs=label)
