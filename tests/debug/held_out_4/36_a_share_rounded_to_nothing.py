# FAMILY: silent
# LINE: 31
# CAUSE: loss_weights
# TEACHER: 1 // len(TASKS) is 0, so all loss_weights are 0 and nothing is learnt: a single slash.

import keras
import numpy as np
from keras import layers

TASKS = {"gender": 1, "smiling": 1, "glasses": 1}
rng = np.random.default_rng(36)
x = rng.random((60, 32, 32, 3)).astype("float32")
y = {task: rng.integers(0, 2, size=(60, 1)).astype("float32") for task in TASKS}


def face_model(tasks):
    face = keras.Input((32, 32, 3), name="face")
    z = face
    for f in (8, 16):
        z = layers.Conv2D(f, 3, strides=2, activation="relu")(z)
    z = layers.Flatten()(z)
    z = layers.Dense(24, activation="relu")(z)
    heads = {t: layers.Dense(n, activation="sigmoid", name=t)(z) for t, n in tasks.items()}
    return keras.Model(face, heads)


model = face_model(TASKS)
model.compile(
    optimizer="adam",
    loss=dict.fromkeys(TASKS, "binary_crossentropy"),
    loss_weights={task: 1 // len(TASKS) for task in TASKS},
)
