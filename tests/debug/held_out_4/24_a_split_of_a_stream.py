# FAMILY: fit
# LINE: 30
# CAUSE: validation_split
# TEACHER: validation_split cuts arrays, not a tf.data.Dataset; split it with take and skip and
#   pass validation_data.

import keras
import numpy as np
import tensorflow as tf
from keras import layers

rng = np.random.default_rng(24)
readings = rng.normal(size=(96, 14)).astype("float32")
broken = rng.integers(0, 2, size=(96, 1)).astype("float32")


def as_dataset(features, target, batch):
    ds = tf.data.Dataset.from_tensor_slices((features, target))
    return ds.shuffle(96, seed=1).batch(batch).prefetch(1)


train_ds = as_dataset(readings, broken, batch=16)

pump = keras.Input((14,), name="pump")
h = layers.Dense(24, activation="relu")(pump)
h = layers.Dropout(0.2)(h)
model = keras.Model(pump, layers.Dense(1, activation="sigmoid")(h))
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["Recall"])

history = model.fit(train_ds, epochs=2, validation_split=0.2, verbose=0)
print(history.history["val_loss"][-1])
