# FAMILY: fit
# LINE: 34
# CAUSE: metrics
# TEACHER: With several outputs a list of metrics needs one entry per output; a dict by output
#   name is clearer.

import numpy as np
from keras import Model, layers, metrics

rng = np.random.default_rng(13)
faces = rng.random((48, 24, 24, 1)).astype("float32")
ages = rng.uniform(1, 90, size=48).astype("float32") / 90
smiles = rng.integers(0, 2, size=48).astype("float32")


def face_net():
    face = layers.Input((24, 24, 1), name="face")
    z = layers.Conv2D(8, 3, strides=2, activation="relu")(face)
    z = layers.Conv2D(16, 3, strides=2, activation="relu")(z)
    z = layers.GlobalAveragePooling2D()(z)
    return Model(
        face,
        [layers.Dense(1, name="age")(z), layers.Dense(1, activation="sigmoid", name="smile")(z)],
    )


two_heads = face_net()
two_heads.compile(
    optimizer="adam",
    loss=["mae", "binary_crossentropy"],
    loss_weights=[1.0, 0.5],
    metrics=[metrics.MeanAbsoluteError()],
)
history = two_heads.fit(faces, [ages, smiles], epochs=1, batch_size=16, verbose=0)
