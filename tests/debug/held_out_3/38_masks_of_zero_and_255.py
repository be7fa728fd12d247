# FAMILY: silent
# LINE: 13
# CAUSE: mask
# TEACHER: The masks are 0 and 255, but a sigmoid with binary_crossentropy needs 0 and 1: divide
#   them by 255 as well.

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(120)
photos = rng.integers(0, 256, size=(24, 32, 32, 3))
masks = (rng.random((24, 32, 32, 1)) > 0.7).astype("uint8") * 255  # as read from the png files
x = photos.astype("float32") / 255.0
y = masks.astype("float32")

conv = dict(kernel_size=3, padding="same", activation="relu")  # noqa: C408
street = keras.Input((32, 32, 3), name="street")
c1 = layers.Conv2D(8, **conv)(street)
p1 = layers.MaxPooling2D()(c1)
c2 = layers.Conv2D(16, **conv)(p1)
u1 = layers.UpSampling2D()(c2)
c3 = layers.Conv2D(8, **conv)(layers.Concatenate()([u1, c1]))
mask = layers.Conv2D(1, 1, activation="sigmoid", name="mask")(c3)

model = keras.Model(street, mask)
model.compile("adam", "binary_crossentropy")
