# FAMILY: merge
# LINE: 17
# CAUSE: shortcut
# TEACHER: The stage halves the image and doubles the filters, the shortcut does neither: project
#   it with a 1x1 convolution.

from keras import Input, Model, layers


def residual_unit(x, filters, stride):
    shortcut = x
    x = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    x = layers.Conv2D(filters, 3, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.add([x, shortcut])
    return layers.Activation("relu")(x)


def resnet_small(input_shape=(32, 32, 3), n_classes=10, stages=(16, 32, 64)):
    inputs = Input(shape=input_shape)
    x = layers.Conv2D(stages[0], 3, padding="same", activation="relu")(inputs)
    for k, filters in enumerate(stages):
        stride = 1 if k == 0 else 2
        x = residual_unit(x, filters, stride)
        x = residual_unit(x, filters, 1)
    x = layers.GlobalAveragePooling2D()(x)
    return Model(inputs, layers.Dense(n_classes, activation="softmax")(x))


resnet = resnet_small()
