# FAMILY: values
# LINE: 27
# CAUSE: confidence
# TEACHER: While the model is built confidence has no value yet, so Python's if cannot decide on it;
#   give both outputs, or choose with keras.ops.where.

import keras
from keras import layers, ops


class EarlyExit:
    """A small net that goes on to the second half only when the first one is unsure."""

    def __init__(self, classes, threshold=0.9):
        self.classes = classes
        self.threshold = threshold

    def head(self, x):
        x = layers.GlobalAveragePooling2D()(x)
        return layers.Dense(self.classes, activation="softmax")(x)

    def build(self):
        image = keras.Input(shape=(32, 32, 3))
        x = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
        early = self.head(x)
        confidence = ops.max(early)
        if confidence > self.threshold:
            return keras.Model(image, early)
        x = layers.MaxPooling2D()(x)
        x = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
        return keras.Model(image, self.head(x))


net = EarlyExit(classes=6).build()
net.compile("adam", "sparse_categorical_crossentropy")
