# FAMILY: graph
# LINE: 17
# CAUSE: unit/0/conv
# TEACHER: The name unit/0/conv has slashes, which Keras does not allow in a name; join the parts
#   with an underscore.

import keras
from keras import layers


def scope(*parts):
    return "/".join(str(part) for part in parts)


def res_unit(x, index, filters):
    skip = x
    x = layers.Conv1D(filters, 3, padding="same", name=scope("unit", index, "conv"))(x)
    x = layers.BatchNormalization(name=scope("unit", index, "norm"))(x)
    x = layers.Activation("relu", name=scope("unit", index, "relu"))(x)
    return layers.Add(name=scope("unit", index, "sum"))([skip, x])


vibration = keras.Input(shape=(256, 3), name="vibration")
h = layers.Conv1D(16, 7, strides=2, padding="same", name="stem")(vibration)
for i in range(3):
    h = res_unit(h, i, filters=16)
h = layers.GlobalAveragePooling1D()(h)
fault = layers.Dense(4, activation="softmax", name="fault")(h)
detector = keras.Model(vibration, fault)
