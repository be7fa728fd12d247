# FAMILY: graph
# LINE: 28
# CAUSE: head
# TEACHER: head was never called on base.output, so no way leads from base.input to head.output;
#   write keras.Model(base.input, head(base.output)).

import keras
from keras import layers


def convolutions():
    scan = keras.Input((48, 48, 1), name="scan")
    x = scan
    for filters in (8, 16):
        x = layers.Conv2D(filters, 3, activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    return keras.Model(scan, layers.GlobalAveragePooling2D()(x), name="base")


base = convolutions()
base.trainable = False

top_in = keras.Input(shape=base.output.shape[1:])
y = layers.Dense(16, activation="relu")(top_in)
y = layers.Dropout(0.3)(y)
head = keras.Model(top_in, layers.Dense(3, activation="softmax")(y), name="head")

clf = keras.Model(inputs=base.input, outputs=head.output)
clf.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
