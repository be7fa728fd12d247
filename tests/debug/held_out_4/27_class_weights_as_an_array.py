# FAMILY: fit
# LINE: 29
# CAUSE: class_weight
# TEACHER: class_weight must be a dict from class to weight, and balanced gives an array:
#   dict(enumerate(balanced(y, 3))).

import keras
import numpy as np
from keras import layers


def balanced(labels, n_classes):
    counts = np.bincount(labels, minlength=n_classes)
    return len(labels) / (n_classes * counts)


rng = np.random.default_rng(27)
skin = rng.random((72, 20, 20, 3)).astype("float32")
diagnosis = rng.choice(3, size=72, p=[0.7, 0.2, 0.1])

lesion = keras.Input(shape=skin.shape[1:], name="lesion")
x = layers.Conv2D(8, 3, activation="relu")(lesion)
x = layers.GlobalMaxPooling2D()(x)
outputs = layers.Dense(3, activation="softmax")(x)
triage = keras.Model(lesion, outputs)
triage.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

weights = balanced(diagnosis, n_classes=3)
triage.fit(
    skin,
    diagnosis,
    batch_size=24,
    epochs=1,
    class_weight=weights,
    verbose=0,
)
