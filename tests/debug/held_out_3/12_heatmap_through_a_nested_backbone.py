# FAMILY: graph
# LINE: 32
# CAUSE: top_conv
# TEACHER: top_conv's output belongs to the backbone's own graph, which starts at another Input
#   than the classifier's.

import keras
from keras import layers


def make_backbone(size):
    pix = keras.Input((size, size, 3), name="backbone_pixels")
    t = layers.Conv2D(8, 3, strides=2, activation="relu")(pix)
    t = layers.Conv2D(16, 3, activation="relu", name="top_conv")(t)
    return keras.Model(pix, t, name="backbone")


def make_classifier(backbone, size, n_classes):
    picture = keras.layers.Input((size, size, 3), name="picture")
    maps = backbone(picture)
    vec = layers.GlobalAveragePooling2D()(maps)
    scores = layers.Dense(n_classes, activation="softmax", name="scores")(vec)
    return keras.models.Model(picture, scores)


backbone = make_backbone(36)
classifier = make_classifier(backbone, 36, 5)
classifier.compile("adam", "sparse_categorical_crossentropy")

# class activation maps: convolution output and scores from one call
last_conv = classifier.get_layer("backbone").get_layer("top_conv")
cam = keras.Model(classifier.inputs, [last_conv.output, classifier.output])
