import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from keraslab.train import LiveCurves

X = np.linspace(0, 1, 48).reshape(12, 4).astype("float32")
Y = X.sum(axis=1, keepdims=True)
RATE = 0.05


class Clock:
    """So slow that each batch may be measured."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


class Rare(Clock):
    """Stands still: nothing is due twice."""

    def __call__(self):
        return 0.0


def _model():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(RATE), "mse")
    return model


class Steps(keras.callbacks.Callback):
    """What the norms should be: the lengths of the steps, taken from the weights themselves."""

    def __init__(self):
        super().__init__()
        self.norms = []

    def on_train_batch_begin(self, batch, logs=None):
        self.before = self.model.get_weights()

    def on_train_batch_end(self, batch, logs=None):
        moved = [a - b for a, b in zip(self.model.get_weights(), self.before, strict=True)]
        self.norms.append(np.sqrt(sum((each**2).sum() for each in moved)))


def _fit(model, curves, *others):
    model.fit(X, Y, batch_size=4, epochs=2, verbose=0, callbacks=[curves, *others])


def test_norms_are_those_of_the_steps_taken():
    curves, steps = LiveCurves(display=False, norms=True, budget=1, clock=Clock()), Steps()
    model = _model()
    own = model.optimizer.apply
    _fit(model, curves, steps)
    updates = curves.record.series["value:update_norm"].since()[1]
    gradients = curves.record.series["value:gradient_norm"].since()[1]
    np.testing.assert_allclose(updates, steps.norms, rtol=1e-4)
    np.testing.assert_allclose(gradients * RATE, steps.norms, rtol=1e-4)
    titles = [plot.title for plot in curves.record.plots()]
    assert titles == ["loss", "update norm", "gradient norm"]
    assert model.optimizer.apply == own
    assert "update norm" in repr(curves)
    _fit(model, LiveCurves(display=False))  # the step that was traced goes on working


def test_they_do_not_change_the_training():
    kept = []
    for norms in (False, True):
        keras.utils.set_random_seed(3)
        model = _model()
        _fit(model, LiveCurves(display=False, norms=norms, budget=1, clock=Clock()))
        kept.append(model.get_weights())
    for without, measured in zip(*kept, strict=True):
        np.testing.assert_array_equal(without, measured)


def test_only_as_many_batches_are_measured_as_the_budget_allows():
    curves = LiveCurves(display=False, norms="updates", clock=Rare())
    _fit(_model(), curves)
    assert len(curves.record.series["value:update_norm"]) == 1
    assert "value:gradient_norm" not in curves.record.series


def test_what_cannot_be_measured_costs_no_training(monkeypatch):
    curves = LiveCurves(display=False, norms="updates")
    monkeypatch.setattr(curves._norms, "after", lambda model: 1 / 0)
    with pytest.warns(UserWarning, match=r"norms=.*measures no more"):
        _fit(_model(), curves)
    assert len(curves.history["loss"]) == 2


def test_a_wrong_choice_is_refused():
    with pytest.raises(ValueError, match=r"norms=.*Received: 'grads'"):
        LiveCurves(norms="grads")


def test_gradients_within_compiled_jax_are_refused(monkeypatch):
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(ValueError, match="Take norms='updates'"):
        LiveCurves(norms="gradients")
    assert LiveCurves(norms=True)._norms._which == ("updates",)


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "names"), [("torch", 2), ("jax", 1)])
def test_norms_with_other_backends(backend, names):
    code = f"""
import sys; sys.path.insert(0, {os.path.dirname(__file__)!r})
import numpy as np
from test_train_norms import RATE, Clock, LiveCurves, Steps, _fit, _model
curves, steps = LiveCurves(display=False, norms=True, budget=1, clock=Clock()), Steps()
_fit(_model(), curves, steps)
found = [s.since()[1] for i, s in curves.record.series.items() if i.endswith("_norm")]
assert len(found) == {names}, found
np.testing.assert_allclose(found[0], steps.norms, rtol=1e-4)
if {names} == 2:
    np.testing.assert_allclose(found[1] * RATE, steps.norms, rtol=1e-4)
assert curves._progress.size == 4, curves._progress.size
print("the same")
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.endswith("the same\n"), done.stderr
