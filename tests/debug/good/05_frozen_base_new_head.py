# Transfer learning: the trained base is frozen and runs in inference mode.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(105)
base = keras.Sequential(
    [
        keras.Input((16, 16, 3)),
        layers.Conv2D(8, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.GlobalAveragePooling2D(),
    ],
    name="base",
)
base.compile("adam", "mse")
base.fit(rng.random((8, 16, 16, 3)), rng.random((8, 8)), verbose=0)
base.trainable = False

photo = keras.Input((16, 16, 3), name="photo")
features = base(layers.RandomFlip("horizontal", seed=5)(photo), training=False)
features = layers.Dropout(0.2, seed=5)(features)
model = keras.Model(photo, layers.Dense(3, activation="softmax", name="breed")(features))
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy")
x, y = rng.random((9, 16, 16, 3)), rng.integers(0, 3, 9)
