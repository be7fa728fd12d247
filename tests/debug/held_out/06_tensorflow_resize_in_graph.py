# WANT: enlarge the feature map before joining it with the image
# FAMILY: values
# LINE: 14
# CAUSE: small
# SENTENCE: `small` is symbolic and a TensorFlow function wants real values: use keras.ops.image.resize or a Resizing layer.
# FIX: LINE 14: large = tf.keras.ops.image.resize(small, (32, 32))
# ruff: noqa: E501
import tensorflow as tf

layers = tf.keras.layers

image = tf.keras.Input((32, 32, 3), name="image")
small = layers.Conv2D(4, 3, strides=4, padding="same", name="small")(image)
large = tf.image.resize(small, (32, 32))
both = layers.concatenate([image, large], axis=-1)
mask = layers.Conv2D(1, 1, activation="sigmoid", name="mask")(both)
model = tf.keras.Model(image, mask)
model.compile(optimizer="adam", loss="binary_crossentropy")
