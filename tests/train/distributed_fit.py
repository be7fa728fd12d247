"""Scripts that train one model on two virtual devices; each is a process of its own.

Virtual devices have to be asked for before a backend starts. The last line printed is JSON.
"""

import json
import os
import sys

import numpy as np

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 16)).astype("float32")
Y = X[:, :1] * X[:, 1:2]


def build():
    import keras

    keras.utils.set_random_seed(3)
    inputs = keras.Input((16,))
    hidden = keras.layers.Dense(32, activation="relu", name="wide")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1, name="out")(hidden))
    model.compile("adam", "mse")
    return model


def trained(model):
    import keraslab as kl

    run = kl.fit(model, X, Y, batch_size=32, epochs=2, shuffle=False, display=False, store=False)
    return {"status": run.status, "loss": [float(each) for each in run.history["loss"]]}


def mirrored():
    import tensorflow as tf

    (processor,) = tf.config.list_physical_devices("CPU")
    two = [tf.config.LogicalDeviceConfiguration() for _ in range(2)]
    tf.config.set_logical_device_configuration(processor, two)
    plain = trained(build())
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        model = build()
    found = trained(model)
    return {"plain": plain, "found": found, "replicas": strategy.num_replicas_in_sync}


def data_parallel():
    import keras

    plain = trained(build())
    keras.distribution.set_distribution(keras.distribution.DataParallel())
    model = build()
    found = trained(model)
    kernel = model.get_layer("wide").kernel.value
    return {"plain": plain, "found": found, **_where(kernel)}


def model_parallel():
    import keras

    plain = trained(build())
    mesh = keras.distribution.DeviceMesh(
        (1, 2), ("batch", "model"), keras.distribution.list_devices()
    )
    layout = keras.distribution.LayoutMap(mesh)
    layout["wide/kernel"] = (None, "model")
    layout["wide/bias"] = ("model",)
    layout["out/kernel"] = ("model", None)
    keras.distribution.set_distribution(
        keras.distribution.ModelParallel(layout_map=layout, batch_dim_name="batch")
    )
    model = build()
    found = trained(model)
    return {"plain": plain, "found": found, **_where(model.get_layer("wide").kernel.value)}


def _where(kernel):
    pieces = [list(each.data.shape) for each in kernel.addressable_shards]
    return {"devices": len(kernel.sharding.device_set), "pieces": pieces}


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print(
        json.dumps(
            {"mirrored": mirrored, "data": data_parallel, "model": model_parallel}[sys.argv[1]]()
        )
    )
