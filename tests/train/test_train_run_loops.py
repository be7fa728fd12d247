"""Loops of one's own in hand, what a guard refuses, and how soon a point is in the file."""

import sqlite3
import threading
import time
from contextlib import closing
from datetime import timedelta

import keras
import pytest
from running import WAIT, Gate, X, Y

import keraslab as kl
from keraslab.train import ModelInUseError, Run, Store, _store_recorder, fit
from keraslab.train._guard import _DISTURBING
from keraslab.train._store_writer import writer_of


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "runs.sqlite")
    yield made
    writer_of(made.path).leave(5)


def test_a_pause_holds_a_loop_of_ones_own_and_a_stop_is_seen_in_it():
    run = Run("gan", display=False, store=False)
    waits = threading.Event()
    stand = run.switch._go.wait
    run.switch._go.wait = lambda seconds: waits.set() or stand(seconds)
    logged = []

    def loop():
        with run:
            while not run.stopping:
                run.log(loss=1.0)
                logged.append(run.paused)
                if len(logged) == 3:
                    run.stop()

    run.pause()
    thread = threading.Thread(target=loop)
    thread.start()
    assert waits.wait(WAIT)
    assert logged == []
    assert run.history["loss"] == [1.0]
    run.resume()
    assert run.wait(WAIT)
    thread.join(WAIT)
    assert logged == [False] * 3
    assert run.status == "stopped"


REFUSED = {
    *("fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch"),
    *("load_weights", "set_weights", "compile", "save", "save_weights", "export"),
}


def test_each_use_that_would_disturb_the_training_is_refused():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)], name="line")
    model.compile("sgd", "mse")
    gate = Gate("on_train_batch_begin", 1)
    run = fit(model, X, Y, background=True, callbacks=[gate], display=False, store=False)
    assert gate.reached.wait(WAIT)
    assert set(_DISTURBING) >= REFUSED
    for name in [*REFUSED, "add", "pop"]:
        with pytest.raises(ModelInUseError, match=rf"the run 'line' in the background, and {name}"):
            getattr(model, name)()
    gate.go.set()
    assert run.wait(WAIT)
    model.add(keras.layers.Dense(2))
    assert model.output_shape == (None, 2)


class Waits(threading.Event):
    """Remembers how long it was asked to wait."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def wait(self, timeout=None):
        self.asked.append(timeout)
        return super().wait(timeout)


def until(condition):
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def test_no_point_waits_for_the_file_longer_than_a_second(store):
    # What a process that is killed loses is what came since the last write.
    waits = writer_of(store.path)._awake = Waits()
    recorder = store.begin({"name": "digits"})
    until(lambda: len(waits.asked) > 1)
    recorder.add("batch", "loss", 1, 0.0, 0.0, 0.5)
    with closing(sqlite3.connect(f"file:{store.path}?mode=ro", uri=True)) as file:
        until(lambda: file.execute("SELECT count(*) FROM points").fetchone() == (1,))
    recorder.close("done")
    assert max(waits.asked) <= 1


def test_a_run_that_logs_nothing_gives_signs_of_life_whatever_the_clock_says(store, monkeypatch):
    monkeypatch.setattr(_store_recorder, "BEAT", 0.01)
    recorder = store.begin({"name": "slow epochs"})
    store.flush()

    def beat():
        with closing(sqlite3.connect(store.path)) as file:
            return file.execute("SELECT beat FROM run").fetchone()[0]

    first = beat()
    until(lambda: beat() > first)
    real = time.time
    monkeypatch.setattr("time.time", lambda: real() - 86_400)
    until(lambda: beat() < first)
    recorder.close("done")


def test_a_kept_run_says_what_its_curves_said(store):
    recorder = store.begin({"name": "digits"})
    for epoch, (train, valid) in enumerate([(3.0, 3.0), (2.0, 2.0), (1.0, 2.5)], 1):
        recorder.add("train", "loss", epoch, float(epoch), 1.0, train)
        recorder.add("validation", "loss", epoch, float(epoch), 1.0, valid)
    recorder.close("done")
    recorder = store.begin({"name": "no number"})
    recorder.add("train", "loss", 1, 1.0, 1.0, float("nan"))
    recorder.close("failed")
    broken, kept = (run.to_figure() for run in store.runs())
    said = [text.get_text() for text in kept.texts]
    assert "Best epoch: 2 of 3, with the lowest validation loss, 2." in said
    assert any(line.startswith("Overfitting since epoch 2: ") for line in said)
    labels = {line.get_label() for line in kept.axes[0].lines}
    assert labels >= {"train", "validation", "best epoch", "gap"}
    assert not any("epoch" in text.get_text() for text in broken.texts)


def test_runs_takes_name_status_and_date(store):
    for name, status in (("plain", "done"), ("residual", "failed")):
        store.begin({"name": name}).close(status)

    def names(**given):
        return [run.name for run in kl.runs(path=store.path, **given)]

    assert names() == ["residual", "plain"]
    assert names(status="failed") == ["residual"]
    assert names(since=timedelta(hours=-1)) == []
    assert [run.name for run in kl.runs("pl*", path=store.path)] == ["plain"]
