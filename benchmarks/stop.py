"""Stop pressed until ``fit`` has returned, in batches and in milliseconds.

A model with slow batches trains in the background and is stopped at odd moments; so does one
that is interrupted in the main thread. What passes after the end of the last batch is ours.
A browser's own part is measured by ``tests/browser/test_browser_run.py``.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
from _measure import machine

from keraslab.train import Run, fit

TIMES = 20
X = np.random.default_rng(0).normal(size=(256, 32, 32, 3)).astype("float32")
Y = np.zeros((256, 1), "float32")


class Stopped(NamedTuple):
    """One stop: seconds in all, batches that ended after the press, seconds after the last."""

    took: float
    batches: int
    ours: float


class Batches(keras.callbacks.Callback):  # type: ignore[misc]
    """When each batch ended, and an event after the third."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[float] = []
        self.warm = threading.Event()

    def on_train_batch_end(self, *_: object, **__: object) -> None:
        self.ends.append(time.perf_counter())
        if len(self.ends) == 3:
            self.warm.set()

    def after(self, pressed: float, returned: float) -> Stopped:
        """Split the time from the press to the return at the end of the last batch."""
        return Stopped(
            took=returned - pressed,
            batches=sum(end > pressed for end in self.ends),
            ours=returned - max(pressed, self.ends[-1]),
        )


def built() -> keras.Model:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    model.fit(X[:32], Y[:32], verbose=0)
    return model


def background(model: keras.Model, pause: float) -> Stopped:
    seen = Batches()
    run = start(model, seen)
    seen.warm.wait(60)
    time.sleep(pause)
    begun = time.perf_counter()
    run.stop()
    run.wait(60)
    return seen.after(begun, time.perf_counter())


def start(model: keras.Model, seen: Batches) -> Run:
    return fit(
        model,
        X,
        Y,
        epochs=10_000,
        background=True,
        callbacks=[seen],
        display=False,
        store=False,
    )


def interrupted(model: keras.Model, pause: float) -> Stopped:
    seen = Batches()
    pressed: list[float] = []

    def press() -> None:
        seen.warm.wait(60)
        time.sleep(pause)
        pressed.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    fit(model, X, Y, epochs=10_000, callbacks=[seen], display=False, store=False)
    ended = time.perf_counter()
    thread.join()
    return seen.after(pressed[0], ended)


def report(name: str, stop: Callable[[keras.Model, float], Stopped]) -> None:
    model = built()
    stop(model, 0.0)
    found = [stop(model, random.random() / 4) for _ in range(TIMES)]
    took, ours = (sorted(1000 * each[place] for each in found) for place in (0, 2))
    print(
        f"{name}: took {statistics.median(took):.0f} ms (median), {took[-1]:.0f} ms at most, with "
        f"{max(each.batches for each in found)} batch at most; after that batch "
        f"{statistics.median(ours):.0f} ms (median), {ours[-1]:.0f} ms at most"
    )


if __name__ == "__main__":
    random.seed(0)
    report("background, stop()", background)
    report("main thread, SIGINT", interrupted)
    print(f"bar: one batch and 200 ms; {TIMES} stops each")
    print(machine())
