# Three kinds of head with the right loss for each.
import keras as k
import numpy as np

rng = np.random.default_rng(103)
scene = k.Input((16, 16, 3), name="scene")
h = k.layers.Conv2D(8, 3, strides=2, activation="relu")(scene)
h = k.layers.GlobalAveragePooling2D()(h)
outputs = {
    "kind": k.layers.Dense(4, name="kind")(h),
    "night": k.layers.Dense(1, name="night")(h),
    "depth": k.layers.Dense(1, activation="softplus", name="depth")(h),
}
model = k.Model(scene, outputs)
model.compile(
    optimizer="adam",
    loss={
        "kind": k.losses.SparseCategoricalCrossentropy(from_logits=True),
        "night": k.losses.BinaryCrossentropy(from_logits=True),
        "depth": "mae",
    },
    loss_weights={"kind": 1.0, "night": 0.5, "depth": 0.1},
)
x = rng.random((12, 16, 16, 3))
y = {
    "kind": rng.integers(0, 4, (12, 1)),
    "night": rng.integers(0, 2, (12, 1)),
    "depth": rng.random((12, 1)) * 3,
}
