# FAMILY: merge
# LINE: 24
# CAUSE: down_1
# TEACHER: 45 is odd: down_1 pools it to 22, and doubling gives 44, not 45; pad the image to a
#   multiple of 8 or crop the skip.

import keras
from keras import layers


def unet(size, levels, base=8, channels=1, classes=1):
    conv = {"kernel_size": 3, "padding": "same", "activation": "relu"}
    scan = keras.Input((size, size, channels), name="scan")
    x = scan
    skips = {}
    for level in range(levels):
        x = layers.Conv2D(base * 2**level, **conv)(x)
        if level < levels - 1:
            skips[level] = x
            x = layers.MaxPooling2D(2, name=f"down_{level}")(x)

    for level in reversed(range(levels - 1)):
        x = layers.Conv2DTranspose(base * 2**level, 2, strides=2, name=f"up_{level}")(x)
        x = layers.Concatenate()([x, skips[level]])
        x = layers.Conv2D(base * 2**level, **conv)(x)

    out = layers.Conv2D(classes, 1, activation="sigmoid", name="lesion")(x)
    return keras.Model(scan, out)


segmenter = unet(90, levels=4)
segmenter.compile("adam", "binary_crossentropy")
