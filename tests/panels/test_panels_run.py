"""The panel of a run, kernel side: its buttons, what it says, and the picture it leaves."""

import threading
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from keraslab.panels import _run_panel
from keraslab.panels._run_panel import Run, RunButtons, RunPanel, fit, outcome

WAIT = 60
X, Y = np.ones((64, 2), "float32"), np.ones((64, 1), "float32")


class Gate(keras.callbacks.Callback):
    """Holds the training in one batch until it is let go."""

    def __init__(self):
        super().__init__()
        self.reached, self.go = threading.Event(), threading.Event()

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 1:
            self.reached.set()
            assert self.go.wait(WAIT)


@pytest.fixture
def places(monkeypatch):
    """A notebook's cell number 3, and what was shown below it."""
    shown = []

    class Place:
        def __init__(self, widget, left, around=None, instead=""):
            self.around, self.instead, self.settled = around, instead, None
            shown.append(self)

        def settle(self, drawn, text, below=""):
            self.settled = (drawn, text, below)

    here = SimpleNamespace(execution_count=3)
    monkeypatch.setattr(_run_panel, "Place", Place)
    monkeypatch.setattr(_run_panel, "shell", lambda: here)
    monkeypatch.setattr("keraslab.train._fit.shell", lambda: here)
    shown.append(here)
    return shown


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)], name="line")
    model.compile("sgd", "mse")
    return model


@pytest.fixture
def held(model):
    """Start a run that is held in its second batch; it is ended in the end."""
    runs = []

    def begin(**given):
        gate = Gate()
        given = {"epochs": 3, "batch_size": 4, "store": False, "callbacks": [gate]} | given
        runs.append((fit(model, X, Y, background=True, **given), gate))
        assert gate.reached.wait(WAIT)
        return runs[-1]

    yield begin
    for run, gate in runs:
        run.stop()
        gate.go.set()
        assert run.ended_within(WAIT)


def test_the_buttons_set_flags_and_follow_the_run(held):
    run, gate = held(display=False)
    buttons = RunButtons()
    assert all(each.disabled for each in (buttons.stop, buttons.pause, buttons.keep))
    buttons.bind(run)
    assert not any(each.disabled for each in (buttons.stop, buttons.pause, buttons.keep))
    buttons.pause.click()
    assert run.paused
    assert (buttons.pause.description, outcome(run)) == ("Resume", "Paused.")
    buttons.pause.click()
    assert not run.paused
    buttons.keep.value = True
    assert run.weights.wanted
    run.keep_best(False)
    assert not buttons.keep.value
    buttons.stop.click()
    assert run.stopping
    assert outcome(run) == "Stopping after this batch …"
    assert buttons.stop.disabled
    gate.go.set()
    assert run.wait(WAIT)
    assert all(each.disabled for each in (buttons.stop, buttons.pause, buttons.keep))
    buttons.stop.click()
    buttons.keep.value = True
    assert run.status == "stopped"


def test_buttons_that_serve_another_run_leave_the_first_alone(held, model):
    run, _ = held(display=False)
    buttons = RunButtons()
    buttons.bind(run)
    with Run("loop", display=False, store=False) as other:
        buttons.bind(other)
        buttons.stop.click()
        assert other.stopping
    assert not run.stopping
    run.pause()
    assert buttons.pause.disabled, "of the run that ended"


def test_a_picture_takes_the_place_of_the_panel(held, places):
    here = places.pop()
    run, gate = held(keep_best=True, epochs=2)
    (place,) = places
    assert "kl-run" in place.around._dom_classes
    assert run._repr_mimebundle_() == {"text/plain": "Run 'line', shown above"}
    here.execution_count = 4
    assert "application/vnd.jupyter.widget-view+json" in run._repr_mimebundle_()
    assert place.settled is None
    gate.go.set()
    assert run.wait(WAIT)
    drawn, text, below = place.settled
    assert drawn.axes
    assert text.startswith("Run 'line': done")
    assert f"The model has the weights of epoch {run.best.epoch}, the best by loss" in below
    assert "image/png" in run._repr_mimebundle_()


def test_an_error_is_told_below_the_curves_and_escaped(model, places):
    class Fails(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise OSError("<b>disk</b> full")

    run = fit(model, X, Y, background=True, store=False, callbacks=[Fails()])
    assert run.ended_within(WAIT)
    below = places[-1].settled[2]
    assert "OSError: &lt;b&gt;disk&lt;/b&gt; full" in below
    assert "kl-failed" in below


def test_a_finding_is_told(places):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    targets = np.zeros((64, 5), "float32")
    run = fit(model, x=X, y=targets, background=True, store=False)
    assert run.ended_within(WAIT)
    sentence, where, line, *more = outcome(run).splitlines()
    assert sentence == f"targets is 64 × 5, and {model.layers[0].name!r} gives ? × 3. (KL712)"
    assert f"{Path(__file__).name}, line " in where
    assert line.strip() == "fit(model, x=X, y=targets, background=True, store=False)"
    assert any(each.startswith("To mend it, ") for each in more)
    below = places[-1].settled[2]
    assert below.count("role=") == 1
    assert "targets is 64 × 5" in below
    with pytest.raises(ValueError, match="same shape") as raised:
        run.wait(WAIT)
    shown = [frame.name for frame in raised.traceback]
    assert shown.count("test_a_finding_is_told") == 2, "where it was begun, and waited for"


def test_a_loss_that_is_not_a_number_is_said_below_the_curves(places):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e30), "mse")
    run = fit(model, X, Y, background=True, store=False, epochs=50)
    assert run.wait(WAIT)
    assert outcome(run) == run.diverged
    _, text, below = places[-1].settled
    assert "kl-failed" in below
    assert "The loss became nan in epoch" in below
    assert text.endswith(run.diverged)


def test_a_picture_that_cannot_be_drawn_does_not_cost_the_run(model, places, monkeypatch):
    left = []

    def fails(*_):
        raise OSError("no fonts")

    run = fit(model, X, Y, background=True, store=False, display=False)
    run.wait(WAIT)
    panel = RunPanel(run)
    panel.show()
    monkeypatch.setattr(places[-1].__class__, "settle", fails)
    monkeypatch.setattr(
        places[-1].__class__, "leave", lambda self: left.append(self), raising=False
    )
    panel._changed(run)
    assert left == [places[-1]]


def test_in_a_terminal_it_is_text(model):
    run = fit(model, X, Y, display=False, store=False)
    assert run.panel.bundle() == {"text/plain": repr(run)}
    assert run.panel.show() is None
