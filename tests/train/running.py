"""What tests of runs share: a small model, data, and a callback that holds a training still."""

import threading

import keras
import numpy as np

WAIT = 60
X = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
Y = X.sum(1, keepdims=True)


def small(seed=1, **compiling):
    """A model with dropout, batch statistics and a name, built from a seed."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(1),
        ],
        name="small",
    )
    model.compile(**{"optimizer": "adam", "loss": "mse", "metrics": ["mae"], **compiling})
    return model


class Gate(keras.callbacks.Callback):
    """Holds the training at one place until it is let go."""

    def __init__(self, hook, at):
        super().__init__()
        self.reached, self.go = threading.Event(), threading.Event()
        self.seen = []
        setattr(self, hook, self._hook)
        self.at = at

    def _hook(self, index, logs=None):
        self.seen.append(index)
        if index == self.at:
            self.reached.set()
            assert self.go.wait(WAIT)


class Calls(keras.callbacks.Callback):
    """Calls functions at hooks: ``Calls(on_epoch_end=lambda epoch, logs: ...)``."""

    def __init__(self, **hooks):
        super().__init__()
        for name, call in hooks.items():
            setattr(self, name, call)


class Shell:
    """A notebook's shell, as far as curves know it, and what was displayed below its cell."""

    kernel = object()

    def __init__(self):
        self.events, self.listeners, self.shown = self, [], []

    def register(self, name, function):
        assert name == "post_run_cell"
        self.listeners.append(function)

    def unregister(self, name, function):
        assert name == "post_run_cell"
        self.listeners.remove(function)

    def cell_ends(self, error=None):
        result = type("Result", (), {"error_in_exec": error})
        for function in list(self.listeners):
            function(result)
