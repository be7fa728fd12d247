# A U-Net on an odd size: the way up is one row too large and is cropped.
import numpy as np
from keras import Input, Model
from keras import layers as L

rng = np.random.default_rng(109)
scan = Input((21, 21, 1), name="scan")
high = L.Conv2D(4, 3, padding="same", activation="relu")(scan)
low = L.MaxPooling2D(padding="same")(high)
low = L.Conv2D(8, 3, padding="same", activation="relu")(low)
up = L.Conv2DTranspose(4, 2, strides=2)(low)
up = L.Cropping2D(((0, 1), (0, 1)))(up)
both = L.Concatenate()([high, up])
mask = L.Conv2D(1, 1, activation="sigmoid", name="mask")(both)
model = Model(scan, mask)
model.compile(optimizer="adam", loss="binary_crossentropy")
x = rng.random((6, 21, 21, 1))
y = (x > 0.5).astype("float32")
