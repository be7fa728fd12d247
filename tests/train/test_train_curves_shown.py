"""How often curves are drawn, and what stays where they were."""

import sys
import threading
from io import StringIO

import keras
import numpy as np
import pytest

from keraslab.train import LiveCurves
from keraslab.train._progress import Progress
from keraslab.train._terminal import TerminalLine

X = np.linspace(0, 1, 192).reshape(48, 4).astype("float32")
Y = X.sum(axis=1, keepdims=True)
BATCHES = 2 * 12


@pytest.fixture(scope="module")
def plain():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def train(model, curves, *callbacks):
    model.fit(X, Y, batch_size=4, epochs=2, verbose=0, callbacks=[curves, *callbacks])


class Clock:
    """Goes on by so many seconds at each look."""

    def __init__(self, step):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


def drawn(model, monkeypatch, step, **given):
    """How often the page is told anything during the training."""
    curves = LiveCurves(display=False, clock=Clock(step), **given)
    told = []
    for name in ("push", "append"):
        monkeypatch.setattr(curves.widget, name, lambda *_: told.append(1))
    train(model, curves)
    return len(told) - 2  # the first and the last are due whatever they cost


def test_a_redraw_comes_when_its_budget_allows_and_not_with_each_batch(plain, monkeypatch):
    assert drawn(plain, monkeypatch, 10.0) >= BATCHES
    assert drawn(plain, monkeypatch, 0.0) == 1


def test_the_budget_is_the_one_that_was_given():
    assert LiveCurves(budget=0.25)._pace.share == 0.25
    with pytest.raises(ValueError, match=r"LiveCurves\(budget=\.\.\.\).*Received: 2"):
        LiveCurves(budget=2)


def test_samples_a_second_are_batches_of_that_size():
    clock = Clock(0.0)
    progress = Progress(clock)
    progress.begin(11, 1)
    progress.begin_epoch(0)
    for batch in range(6):
        progress.end_batch(batch)
        clock.now += 0.1
    progress.size = 32
    # Five batches came in 0.6 seconds after the first, of 32 samples each.
    assert " · 267 samples/s · " in progress.text()


@pytest.mark.parametrize("columns", [30, 200])
def test_a_line_of_a_terminal_is_never_broken(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = StringIO()
    stream.isatty = lambda: True
    progress = Progress(Clock(1.0))
    progress.begin(1875, 20)
    progress.begin_epoch(0)
    for batch in range(3):
        progress.end_batch(batch)
    line = TerminalLine(stream, progress)
    line.now()
    line.now()
    for text in stream.getvalue().split("\r"):
        assert len(text) < columns
    assert stream.getvalue().startswith("\rEpoch 1 of 20 · batch 3")


def test_another_cell_that_ends_does_not_end_a_training_in_a_thread(plain, notebook):
    curves = LiveCurves()

    def ends(batch, logs=None):
        if batch == 3:
            other = threading.Thread(target=notebook.cell_ends)
            other.start()
            other.join()

    train(plain, curves, keras.callbacks.LambdaCallback(on_train_batch_end=ends))
    assert repr(curves).startswith("Trained 2 epochs")
    assert len(notebook.shown) == 2
    assert notebook.listeners == []


def test_a_picture_that_cannot_be_drawn_costs_no_training(plain, notebook, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    curves = LiveCurves()
    train(plain, curves)
    assert len(curves.history["loss"]) == 2
    assert len(notebook.shown) == 1, "the live view stays"
    assert notebook.listeners == []
