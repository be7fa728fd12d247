# WANT: a small U-Net with two levels
# FAMILY: merge
# LINE: 25
# CAUSE: pool2
# SENTENCE: `pool2` halves 25 to 12, so the way back gives 24 and cannot meet the 25 of the skip: make the sides divisible by 4, pad or crop.
# FIX: LINE 17: scan = Input((48, 72, 1), name="scan")
# ruff: noqa: E501
from keras import Input, Model
from keras import layers as L


def down(x, filters, level):
    x = L.Conv2D(filters, 3, padding="same", activation="relu", name=f"enc{level}")(x)
    return x, L.MaxPooling2D(name=f"pool{level}")(x)


scan = Input((50, 70, 1), name="scan")
skips, x = [], scan
for level, filters in enumerate((4, 8), start=1):
    skip, x = down(x, filters, level)
    skips.append((level, skip))
x = L.Conv2D(16, 3, padding="same", activation="relu", name="middle")(x)
for level, skip in reversed(skips):
    x = L.Conv2DTranspose(skip.shape[-1], 2, strides=2, name=f"up{level}")(x)
    x = L.Concatenate(name=f"join{level}")([x, skip])
model = Model(scan, L.Conv2D(1, 1, activation="sigmoid", name="cells")(x))
