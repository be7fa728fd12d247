"""A run in the background: its end, its pauses, its errors, and who may use the model."""

import gc
import threading
import weakref
from contextvars import ContextVar

import keras
import numpy as np
import pytest
from running import WAIT, Calls, Gate, X, Y, small

from keraslab.train import LiveCurves, ModelInUseError, Run, fit
from keraslab.train._guard import _DISTURBING


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)], name="line")
    model.compile("sgd", "mse")
    return model


def begin(model, *callbacks, **given):
    given = {"x": X, "y": Y, "batch_size": 4, "epochs": 1, "display": False, "store": False} | given
    return fit(model, background=True, callbacks=list(callbacks), **given)


def held(model, hook="on_train_batch_begin", at=5, **given):
    gate = Gate(hook, at)
    run = begin(model, gate, **given)
    assert gate.reached.wait(WAIT)
    return run, gate


def test_stop_reaches_within_one_batch(model):
    run, gate = held(model, epochs=1000)
    seen = []
    run.on_change(lambda it: seen.append((it.status, it.ended_within(0))))
    assert (run.status, run.wait(0)) == ("running", False)
    run.stop()
    gate.go.set()
    assert run.wait(WAIT)
    assert gate.seen == [0, 1, 2, 3, 4, 5]
    assert (run.status, run.error, run.stopping) == ("stopped", None, True)
    assert seen == [("running", False), ("stopped", False)]
    assert "Stopped in epoch 1 of 1000, batch 6 of 16, after" in repr(run)
    (plot,) = run.record.plots()
    assert plot.lines[1].x.tolist() == [6 / 16]


def test_stop_reaches_a_validation_and_its_part_is_not_kept(model):
    run, gate = held(model, "on_test_batch_begin", 2, epochs=9, validation_data=(X, Y))
    run.stop()
    gate.go.set()
    assert run.wait(WAIT)
    assert gate.seen == [0, 1, 2]
    assert list(run.history) == ["loss"]
    assert run.best is None, "an epoch that was cut short is not the best of anything"


@pytest.mark.parametrize("then", ["resume", "stop"])
def test_a_pause_holds_between_two_batches_until(model, then):
    run, gate = held(model, epochs=1000)
    waits = threading.Event()
    stand = run.switch._go.wait
    run.switch._go.wait = lambda seconds: waits.set() or stand(seconds)
    run.pause()
    gate.go.set()
    assert waits.wait(WAIT)
    assert run.paused
    assert repr(run).startswith("Run 'line': paused")
    assert gate.seen[-1] == 5, "the batch under way is the last one"
    before = run.seconds
    if then == "resume":
        gate.at, gate.reached = 9, threading.Event()
        run.resume()
        assert gate.reached.wait(WAIT)
        assert run.seconds > before
    run.stop()
    assert run.wait(WAIT)
    assert not run.paused
    assert run.status == "stopped"


def test_the_clock_stands_in_a_pause(model):
    run, gate = held(model)
    stands = threading.Event()
    stand = run.switch._go.wait
    run.switch._go.wait = lambda seconds: stands.set() or stand(seconds)
    run.pause()
    gate.go.set()
    assert stands.wait(WAIT)
    assert run.seconds == run.seconds
    run.resume()
    assert run.wait(WAIT)
    assert run.seconds == run.seconds


def test_an_error_is_kept_shown_and_raised_by_wait(model):
    def fails(*_):
        raise OSError("disk full")

    run = begin(model, Calls(on_epoch_end=fails))
    for _ in range(2):
        with pytest.raises(OSError, match="disk full"):
            run.wait(WAIT)
    assert (run.status, str(run.error)) == ("failed", "disk full")
    assert "Stopped by an error in epoch 1 of 1, after" in repr(run)
    assert repr(run).endswith("OSError: disk full")
    model.evaluate(X, Y, verbose=0)


def test_a_system_exit_in_the_thread_does_not_pass_unseen(model):
    def leaves(*_):
        raise SystemExit(3)

    run = begin(model, Calls(on_train_begin=leaves))
    with pytest.raises(SystemExit):
        run.wait(WAIT)
    assert run.status == "failed"


def test_the_caller_s_dtype_policy_holds_in_the_thread(model):
    seen = []
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        look = Calls(on_train_begin=lambda _: seen.append(keras.config.dtype_policy().name))
        run = begin(model, look)
    finally:
        keras.config.set_dtype_policy(before)
    assert run.wait(WAIT)
    assert seen == ["mixed_float16"]


def test_the_caller_s_context_holds_in_the_thread(model):
    # A kernel keeps in it which cell it answers; ipykernel 7.0 sends nothing without it.
    cell = ContextVar("cell")
    token = cell.set("the cell that started it")
    seen = []
    try:
        look = Calls(on_train_begin=lambda _: seen.append(cell.get("nobody")))
        assert begin(model, look).wait(WAIT)
    finally:
        cell.reset(token)
    assert seen == ["the cell that started it"]


USES = {
    "evaluate": lambda model, path: model.evaluate(X, Y, verbose=0),
    "predict": lambda model, path: model.predict(X, verbose=0),
    "train_on_batch": lambda model, path: model.train_on_batch(X, Y),
    "save": lambda model, path: model.save(path / "model.keras"),
    "save_weights": lambda model, path: model.save_weights(path / "model.weights.h5"),
    "set_weights": lambda model, path: model.set_weights(model.get_weights()),
    "compile": lambda model, path: model.compile("sgd", "mse"),
}


def test_using_the_model_meanwhile_names_the_run(model, tmp_path):
    run, gate = held(model, name="first try", epochs=1000)
    for name, use in USES.items():
        with pytest.raises(ModelInUseError, match=rf"'line' .* run 'first try' .* {name}\(\)"):
            use(model, tmp_path)
    for again in (fit, lambda *given, **more: model.fit(*given)):
        with pytest.raises(ModelInUseError, match="first try"):
            again(model, X, Y, store=False, display=False)
    assert list(tmp_path.iterdir()) == []
    assert model(X).shape == (64, 1), "calling it only reads"
    assert keras.models.clone_model(model).count_params() == 5
    other = keras.Sequential([keras.Input((4,)), model.layers[0]])
    assert other.predict(X, verbose=0).shape == (64, 1)
    run.stop()
    gate.go.set()
    run.wait(WAIT)
    for use in USES.values():
        use(model, tmp_path)
    assert not set(vars(model)) & set(_DISTURBING)


def test_callbacks_within_the_run_may_use_the_model(model, tmp_path):
    seen = []

    def look(epoch, logs):
        seen.append(model.evaluate(X, Y, verbose=0))
        model.predict(X, verbose=0)

    run = begin(
        model,
        Calls(on_epoch_end=look),
        keras.callbacks.ModelCheckpoint(tmp_path / "best.keras"),
        keras.callbacks.EarlyStopping("loss", restore_best_weights=True),
        keras.callbacks.BackupAndRestore(tmp_path / "backup"),
        validation_data=(X, Y),
        epochs=2,
    )
    assert run.wait(WAIT)
    assert len(seen) == 2
    assert keras.models.load_model(tmp_path / "best.keras").name == "line"


def test_a_model_with_a_train_step_of_its_own(tmp_path):
    class Own(keras.Model):
        def __init__(self):
            super().__init__(name="own")
            self.line = keras.layers.Dense(1)

        def call(self, x):
            return self.line(x)

        def train_step(self, data):
            return super().train_step(data) | {"twice": 2.0}

    model = Own()
    model.compile("sgd", "mse")
    run = begin(model, epochs=2)
    assert run.wait(WAIT)
    assert run.history["twice"] == [2.0, 2.0]


def test_the_run_does_not_hold_the_data(model):
    x = X.copy()
    gone = weakref.ref(x)
    run = begin(model, x=x)
    assert run.wait(WAIT)
    del x
    gc.collect()
    assert gone() is None
    assert run.settings["x"] == "float32 (64, 4)"


def test_best_epoch_and_its_weights():
    model = small()
    run, gate = held(model, "on_epoch_begin", 3, epochs=4, validation_data=(X, Y))
    values = run.history["val_loss"]
    run.keep_best()  # weights of the epochs before are still there
    weights = []
    gate.on_epoch_begin = lambda epoch, logs=None: None
    gate.on_train_batch_end = lambda batch, logs=None: model.layers[0].kernel.assign_add(
        keras.ops.ones((4, 8))
    )
    gate.on_epoch_end = lambda epoch, logs=None: weights.append(model.get_weights())
    gate.go.set()
    assert run.wait(WAIT)
    best = int(np.argmin(values[:3])) + 1
    assert tuple(run.best) == (best, values[best - 1], "val_loss")
    assert run.best.epoch < 4, "the weights of the last epoch were spoiled"
    assert run.weights.kept == run.best
    assert model.evaluate(X, Y, verbose=0)[0] == pytest.approx(run.best.value, rel=1e-5)
    assert f"in epoch {best}" in repr(run)
    with pytest.raises(RuntimeError, match="has ended"):
        run.keep_best()


def test_the_callers_own_curves_are_used(model):
    curves = LiveCurves(display=False)
    run = begin(model, curves)
    assert run.wait(WAIT)
    assert run.curves is curves
    assert len(curves.history["loss"]) == 1


def test_the_table_and_without_pandas(model, monkeypatch):
    run = begin(model, epochs=2)
    run.wait(WAIT)
    frame = run.to_frame()
    assert frame.index.tolist() == [1, 2]
    assert frame["loss"].tolist() == run.history["loss"]
    assert run.to_figure().axes
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(ImportError, match=r"Run\.history"):
        run.to_frame()


class Keeps:
    """A store that remembers what it is told."""

    def __init__(self):
        self.points, self.noted, self.status, self.id = [], {}, None, "one"

    def begin(self, facts):
        self.facts = facts
        return self

    def add(self, kind, key, step, epoch, seconds, value):
        self.points.append((kind, key, step, epoch, value))

    def note(self, **facts):
        self.noted |= facts

    def close(self, status):
        self.status = status


def test_a_store_is_told_all(model):
    store = Keeps()
    run = begin(model, store=store, epochs=2, batch_size=32, validation_data=(X, Y), seed=5)
    assert run.wait(WAIT)
    assert (run.id, store.facts["seed"], store.status) == ("one", 5, "done")
    assert store.facts["settings"]["x"] == "float32 (64, 4)"
    assert [point[:4] for point in store.points if point[0] != "value"] == [
        ("batch", "loss", 1, 0.5),
        ("batch", "loss", 2, 1.0),
        ("train", "loss", 2, 1.0),
        ("validation", "loss", 2, 1.0),
        ("batch", "loss", 3, 1.5),
        ("batch", "loss", 4, 2.0),
        ("train", "loss", 4, 2.0),
        ("validation", "loss", 4, 2.0),
    ]
    rates = [point for point in store.points if point[0] == "value"]
    rate = float(model.optimizer.learning_rate)
    assert rates == [("value", "learning_rate", step, step / 2, rate) for step in (2, 4)]
    assert store.points[2][4] == run.history["loss"][0]
    assert store.noted["best"][0] == run.best.epoch


def test_a_store_that_fails_warns_and_the_training_goes_on(model):
    class Full:
        def begin(self, facts):
            raise OSError("disk full")

    with pytest.warns(UserWarning, match="'line' is not kept: disk full"):
        run = begin(model, store=Full())
    assert run.wait(WAIT)


def test_a_loop_of_steps():
    store = Keeps()
    with Run("gan", display=False, store=store, seed=3) as run:
        for step in range(4):
            run.log(generator=1.0 / (step + 1), critic=np.float32(0.5))
    assert run.history["generator"] == [1.0, 0.5, pytest.approx(1 / 3), 0.25]
    assert (run.status, run.model, store.status) == ("done", None, "done")
    assert "Logged 4 steps in" in repr(run)
    assert [point[2] for point in store.points if point[1] == "critic"] == [1, 2, 3, 4]
    assert run.to_frame().index.name == "step"
    with pytest.raises(RuntimeError, match="has ended"):
        run.log(generator=1.0)
    with pytest.raises(RuntimeError, match="no model"):
        run.keep_best()


def test_a_loop_of_steps_and_epochs():
    with Run("gan", epochs=2, display=False, store=False) as run:
        for epoch in range(2):
            for step in range(3):
                run.log(step=3 * epoch + step, loss=1.0)
            run.log(epoch=epoch, loss=0.5, val_loss=0.25)
        with pytest.raises(ValueError, match="goes back"):
            run.log(step=2, loss=1.0)
    assert run.history == {"loss": [0.5, 0.5], "val_loss": [0.25, 0.25]}
    assert run.record.series["batch:loss"].since()[0].tolist() == [1, 2, 3, 4, 5, 6]
    assert "Trained 2 epochs in" in repr(run)
    assert run.to_frame().index.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt(), "interrupted"), (OSError("x"), "failed")]
)
def test_a_loop_that_ends_early(error, status):
    run = Run("gan", display=False, store=False)
    with pytest.raises(type(error)), run:  # noqa: PT012
        run.log(loss=1.0)
        raise error
    assert (run.status, run.error) == (status, error)


def test_what_a_loop_cannot_log(model):
    with Run("gan", display=False, store=False) as run:
        with pytest.raises(ValueError, match=r"Run.log\(image=...\) takes a number"):
            run.log(image="cat")
        run.log(loss=1.0)
    done = begin(model)
    done.wait(WAIT)
    with pytest.raises(RuntimeError, match="records what fit logs"):
        done.log(loss=1.0)
