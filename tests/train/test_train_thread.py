import threading

import keras
import numpy as np
import pytest

from keraslab.train import LiveCurves
from keraslab.train._thread import TrainingThread

WAIT = 60


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


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


X, Y = np.ones((64, 2), "float32"), np.ones((64, 1), "float32")


def test_stop_reaches_within_one_batch(model):
    gate, curves = Gate("on_train_batch_begin", 5), LiveCurves(display=False)
    ended = []
    training = TrainingThread(
        model,
        x=X,
        y=Y,
        batch_size=4,
        epochs=1000,
        callbacks=[curves, gate],
        on_done=lambda it: ended.append((it, it.done.is_set())),
    )
    training.start()
    assert gate.reached.wait(WAIT)
    training.stop()
    gate.go.set()
    assert training.done.wait(WAIT)
    assert gate.seen == [0, 1, 2, 3, 4, 5]
    assert training.error is None
    assert training.stopped
    assert ended == [(training, False)]
    assert training.history.epoch == [0]
    assert repr(curves).startswith("Stopped in epoch 1 of 1000, batch 6 of 16, after")
    (plot,) = curves.record.plots()
    assert plot.lines[1].x.tolist() == [6 / 16]


def test_stop_reaches_a_validation_and_its_part_is_not_kept(model):
    gate, curves = Gate("on_test_batch_begin", 2), LiveCurves(display=False)
    training = TrainingThread(
        model,
        x=X,
        y=Y,
        batch_size=4,
        epochs=9,
        validation_data=(X, Y),
        callbacks=[curves, gate],
    )
    training.start()
    assert gate.reached.wait(WAIT)
    training.stop()
    gate.go.set()
    assert training.done.wait(WAIT)
    assert gate.seen == [0, 1, 2]
    assert list(curves.history) == ["loss"]


def test_an_error_is_kept_and_the_curves_say_so(model):
    class Fails(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise OSError("disk full")

    curves = LiveCurves(display=False)
    training = TrainingThread(model, x=X, y=Y, callbacks=[curves, Fails()])
    training.start()
    assert training.done.wait(WAIT)
    assert isinstance(training.error, OSError)
    assert repr(curves).startswith("Stopped by an error in epoch 1 of 1, after")


def test_the_caller_s_dtype_policy_holds_in_the_thread(model):
    seen = []

    class Looks(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.append(keras.config.dtype_policy().name)

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        training = TrainingThread(model, x=X, y=Y, callbacks=[Looks()])
        training.start()
    finally:
        keras.config.set_dtype_policy(before)
    assert training.done.wait(WAIT)
    assert (seen, training.error) == (["mixed_float16"], None)
