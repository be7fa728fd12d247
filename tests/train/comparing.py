"""What tests of comparisons share: small variants, data, and a layer that notes what it meets."""

from contextlib import contextmanager

import keras
import numpy as np

from keraslab.train import Comparison
from keraslab.train._task import Message, Outcome

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4)).astype("float32")
Y = X.sum(1, keepdims=True)
QUIET = {"display": False, "store": False}
NOTED = []
"""The first column of each batch that a ``Noting`` layer met, and whether it was trained on."""


class Noting(keras.layers.Layer):
    def call(self, x, training=False):
        if not keras.ops.is_tensor(x) or isinstance(x, keras.KerasTensor):
            return x
        NOTED.append((bool(training), tuple(keras.ops.convert_to_numpy(x)[:, 0].tolist())))
        return x


def model(units=4, *, noting=False, rate=0.0, optimizer="sgd", loss="mse", inputs=4):
    """Without tracing, which would take most of the time of such a small training."""
    layers = [keras.Input((inputs,))]
    layers += [Noting()] if noting else []
    layers += [keras.layers.Dense(units, activation="tanh")]
    layers += [keras.layers.Dropout(rate)] if rate else []
    found = keras.Sequential([*layers, keras.layers.Dense(1)])
    found.compile(optimizer, loss, metrics=["mae"], run_eagerly=True)
    return found


def small():
    return model(4)


def large():
    return model(16)


def dropping():
    return model(8, rate=0.5, optimizer="adam")


def noting_small():
    return model(4, noting=True)


def noting_large():
    """It does with random numbers what it likes, as functions of notebooks do."""
    keras.utils.set_random_seed(5)
    np.random.random(7)
    return model(16, noting=True)


def diverging():
    return model(4, optimizer=keras.optimizers.SGD(1e30))


def breaking():
    raise RuntimeError("no such layer today")


def two_outputs():
    """Two inputs and two named outputs."""
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    both = keras.layers.concatenate([left, right])
    total = keras.layers.Dense(1, name="total")(both)
    large = keras.layers.Dense(2, activation="softmax", name="large")(both)
    found = keras.Model({"left": left, "right": right}, {"total": total, "large": large})
    found.compile(
        "sgd",
        loss={"total": "mse", "large": "sparse_categorical_crossentropy"},
        metrics={"large": ["accuracy"]},
        run_eagerly=True,
    )
    return found


def plain(runs):
    """All that two equal comparisons have in common."""
    return [(run.variant, run.seed, run.score, run.test, run.history) for run in runs]


class Batches(keras.utils.PyDataset):
    """Ten examples at a time, in an order that it changes after each epoch."""

    def __init__(self, x=X, y=Y):
        super().__init__()
        self.x, self.y = x, y
        self.order = np.arange(len(x))

    def __len__(self):
        return len(self.x) // 10

    def __getitem__(self, index):
        places = self.order[10 * index : 10 * (index + 1)]
        return self.x[places], self.y[places]

    def on_epoch_end(self):
        self.order[:] = self.order[::-1].copy()


@contextmanager
def listening(tell):
    """A scope in which each comparison tells a function of its changes."""
    made = Comparison.__init__

    def init(self, *args, **kwargs):
        made(self, *args, **kwargs)
        self.on_change(tell)

    Comparison.__init__ = init
    try:
        yield
    finally:
        Comparison.__init__ = made


def untrained(task, data, channel):
    """What came of a run that took no time."""
    channel.send(Message(task.variant, task.seed_index, "began"))
    value = 1.0 + task.seed
    tested = {"mae": value, "loss": value / 2}
    return Outcome("done", tested[task.score], tested, {"loss": [1.0]}, latency=value)
