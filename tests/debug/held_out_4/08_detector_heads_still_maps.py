# FAMILY: merge
# LINE: 29
# CAUSE: heads
# TEACHER: heads are maps of 16, 8 and 4 cells: bring each to (cells, 4) with Reshape((-1, 4))
#   before joining along axis 1.

import keras
from keras import layers

ANCHORS = 3


def down(x, filters):
    x = layers.Conv2D(filters, 3, strides=2, padding="same")(x)
    return layers.LeakyReLU(negative_slope=0.1)(x)


road = keras.Input(shape=(64, 64, 3), name="road")
c1 = down(road, 8)
c2 = down(c1, 16)
c3 = down(c2, 32)
c4 = down(c3, 64)

heads = []
for level, feature in enumerate((c2, c3, c4)):
    box = layers.Conv2D(ANCHORS * 4, 3, padding="same", name=f"box_{level}")(feature)
    heads.append(box)

boxes = layers.Concatenate(axis=1, name="boxes")(heads)
ssd = keras.Model(road, boxes)
ssd.compile(optimizer="sgd", loss=keras.losses.Huber())
