"""What goes wrong in a comparison: in variants, data, workers, kernels and processes."""

import itertools
import threading
import time
from concurrent.futures import Future

import keras
import numpy as np
import pytest
from comparing import QUIET, Batches, X, Y, breaking, diverging, large, model, small, two_outputs

from keraslab.train import Store, _compare, _explained, _run_task, compare
from keraslab.train._workers import DirectWorkers, open_workers

ASKED = {"seeds": 1, "epochs": 1, **QUIET}


@pytest.fixture(autouse=True)
def _no_pilot(monkeypatch):
    monkeypatch.setattr(_compare, "pilot", lambda *_: None)
    monkeypatch.setattr(_run_task, "latency", lambda *_: 0.001)


# Variants


def test_a_build_that_fails_takes_no_other_with_it(monkeypatch):
    monkeypatch.setattr(_explained, "_explain", lambda error: f"found: {error}")
    found = compare({"breaking": breaking, "small": small}, (X, Y), seeds=2, epochs=1, **QUIET)
    assert found.status == "done"
    assert [run.status for run in found.runs] == ["failed", "failed", "done", "done"]
    run = found.runs[0]
    assert run.error == "RuntimeError: no such layer today"
    assert isinstance(run.exception, RuntimeError)
    assert run.finding == "found: no such layer today"
    assert "no such layer today" in repr(found)
    assert found.verdict.order == ("small",)


def test_an_explanation_that_fails_costs_nothing(monkeypatch):
    monkeypatch.setattr(_explained, "_explain", lambda error: 1 / 0)
    found = compare({"breaking": breaking}, (X, Y), **ASKED)
    assert found.status == "failed"
    assert found.runs[0].finding is None


class Fails(keras.layers.Layer):
    def call(self, x, training=False):
        if training and not isinstance(x, keras.KerasTensor):
            raise ValueError("only in training")
        return x


def failing():
    found = keras.Sequential([keras.Input((4,)), Fails(), keras.layers.Dense(1)])
    found.compile("sgd", "mse", metrics=["mae"], run_eagerly=True)
    return found


def test_a_training_that_fails_takes_no_other_with_it(monkeypatch):
    monkeypatch.setattr(_explained, "_explain", lambda error: type(error).__name__)
    found = compare({"failing": failing, "small": small}, (X, Y), **ASKED)
    assert [run.status for run in found.runs] == ["failed", "done"]
    assert "only in training" in found.runs[0].error
    assert "only in training" in found.runs[0].traceback
    assert found.runs[0].finding == "ValueError"


def uncompiled():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])


@pytest.mark.parametrize(
    ("variant", "said"),
    [
        (lambda: None, "It returned: NoneType"),
        (uncompiled, "Call model.compile(...)"),
        (keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)], name="raw"), "not compiled"),
        (lambda: model(inputs=5), "Its input has the shape (5), and that of the data is (4)"),
        (two_outputs, "It has 2 inputs, and the data have 1."),
    ],
    ids=["no model", "uncompiled", "uncompiled model", "shape", "inputs"],
)
def test_a_variant_that_does_not_fit_is_refused_and_others_go_on(variant, said):
    found = compare({"odd": variant, "small": small}, (X, Y), **ASKED)
    assert [run.status for run in found.runs] == ["failed", "done"]
    assert said in found.runs[0].error


def wide():
    found = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    found.compile("sgd", "mse", metrics=["mae"], run_eagerly=True)
    return found


def test_outputs_that_do_not_fit_are_refused():
    found = compare({"wide": wide, "small": small}, (X, np.tile(Y, 2)), **ASKED)
    assert "output" in found.runs[0].error
    assert "(3), and that of the data is (2)" in found.runs[0].error
    pair = {"a": Y, "b": Y}
    assert "2" in compare({"small": small}, (X, [Y, Y]), **ASKED).runs[0].error
    assert compare({"small": small}, (X, pair), **ASKED).runs[0].status == "failed"


def test_a_named_input_that_the_data_lack():
    data = {"left": X, "wrong": X}, {"total": Y, "large": (Y > 0).astype(int)}
    found = compare({"two": two_outputs}, data, **ASKED)
    assert "there is no 'right'" in found.runs[0].error


def test_a_loss_of_nan_is_stopped_said_and_kept(tmp_path):
    found = compare(
        {"diverging": diverging, "small": small},
        (X, Y),
        seeds=2,
        epochs=4,
        batch_size=16,
        store=tmp_path,
        display=False,
    )
    run = found.runs[0]
    assert run.status == "failed"
    assert "The loss became" in run.error
    assert "smaller learning rate" in run.error
    assert run.epoch < 4
    assert run.history["loss"]
    assert [each.status for each in found.runs] == ["failed", "failed", "done", "done"]
    assert found.verdict.order == ("small",)
    kept = Store(tmp_path).runs(status="failed")
    assert len(kept) == 2
    assert "The loss became" in kept[0].error


# Data


def endless():
    while True:
        yield X, Y


class Endless(keras.utils.PyDataset):
    def __getitem__(self, index):
        return X, Y


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        ((X[:0], Y[:0]), ValueError, "holds no examples"),
        (Batches(X[:5], Y[:5]), ValueError, "holds no examples"),
        ((X[:1], Y[:1]), ValueError, "1 examples are too few"),
        (endless(), TypeError, "Give arrays, or a keras.utils.PyDataset"),
        (Endless(), TypeError, "does not tell its length"),
        ((X, Y[:-1]), ValueError, "x has 60, y has 59"),
        (({"a": X, "b": X[:3]}, Y), ValueError, r"x\['b'\] has 3"),
        ((X, 3), ValueError, "y is a single value"),
        ("text", TypeError, "Received: str"),
        ((X, Y, Y, Y), ValueError, "4 values"),
        (Batches(), ValueError, "Give another one for test="),
    ],
)
def test_data_that_cannot_be_used(data, kind, said):
    with pytest.raises(kind, match=said):
        compare({"small": small}, data, **ASKED)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"test": (X[:0], Y[:0])}, "test=...) holds no examples"),
        ({"validation": (X, Y[:2])}, "validation=...) has not as many"),
        ({"validation": 1.5}, "share between 0 and 1"),
        ({"test": endless()}, "has no length"),
    ],
)
def test_parts_that_cannot_be_used(more, said):
    with pytest.raises((TypeError, ValueError)) as raised:
        compare({"small": small}, (X, Y), **ASKED, **more)
    assert said in str(raised.value)


# Arguments


@pytest.mark.parametrize(
    ("more", "kind", "said"),
    [
        ({"score": "accuracy"}, ValueError, "There are: 'mae', 'loss'"),
        ({"seeds": 0}, ValueError, "at least one"),
        ({"seeds": [1, 1]}, ValueError, "different seeds"),
        ({"seeds": [-1]}, ValueError, "from 0 to"),
        ({"seeds": "three"}, TypeError, "how many seeds"),
        ({"macs": 10}, ValueError, "one budget"),
        ({"epochs": 0}, ValueError, "whole number from 1"),
        ({"epochs": None, "seconds": float("nan")}, ValueError, "positive number"),
        ({"epochs": None, "seconds": 1, "halving": True}, ValueError, "give epochs="),
        ({"batch_size": 0}, ValueError, "whole number from 1"),
        ({"validation_split": 0.1}, TypeError, "validation=0.2"),
        ({"learning_rate": 0.1}, TypeError, "no argument 'learning_rate'"),
        ({"executor": "cloud"}, TypeError, "Received: 'cloud'"),
        ({"threads": 0}, ValueError, "threads"),
    ],
)
def test_arguments_that_cannot_be_used(more, kind, said):
    with pytest.raises(kind, match=said):
        compare({"small": small}, (X, Y), **{**ASKED, **more})


@pytest.mark.parametrize(
    ("variants", "kind"),
    [({}, ValueError), ([small], TypeError), ({"a": 3}, TypeError), ({1: small}, TypeError)],
)
def test_variants_that_are_none(variants, kind):
    with pytest.raises(kind):
        compare(variants, (X, Y), **ASKED)


def other_metric():
    found = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    found.compile("sgd", "mse", metrics=["cosine_similarity"], run_eagerly=True)
    return found


def test_a_score_that_only_some_variants_measure():
    found = compare({"other": other_metric, "small": small}, (X, Y), score="mae", **ASKED)
    assert [run.status for run in found.runs] == ["failed", "done"]
    assert "It measures: 'cosine_similarity', 'loss'" in found.runs[0].error
    both = compare({"other": other_metric, "small": small}, (X, Y), **ASKED)
    assert both.score_name == "loss", "what all have"


# Workers that die


class WorkerDiedError(Exception):
    pass


class Mortal(DirectWorkers):
    """Works at once, and dies with the runs it is told to."""

    kind = "executor"
    count = 2

    def __init__(self, deaths, begins=True):
        super().__init__(None)
        self.deaths, self.begins = dict(deaths), begins
        self.renewed, self.closed = 0, False

    def submit(self, call, task):
        future = Future()
        future.set_running_or_notify_cancel()
        key = task.variant, task.seed_index
        if self.deaths.get(key, 0) > 0:
            self.deaths[key] -= 1
            if self.begins:
                from keraslab.train._task import Message

                self.kept.append(Message(*key, "began"))
            future.set_exception(WorkerDiedError("killed"))
        else:
            future.set_result(self.work(call, task))
        return future

    def dead(self, error):
        return isinstance(error, WorkerDiedError)

    def renew(self):
        self.renewed += 1

    def close(self):
        super().close()
        self.closed = True


@pytest.mark.parametrize("begins", [True, False])
def test_a_run_whose_worker_died_is_repeated(monkeypatch, tmp_path, begins):
    workers = Mortal({("small", 0): 2}, begins)
    monkeypatch.setattr(_compare, "open_workers", lambda *_: workers)
    found = compare(
        {"small": small, "large": large}, (X, Y), epochs=1, seeds=1, store=tmp_path, display=False
    )
    assert [run.status for run in found.runs] == ["done", "done"]
    assert found.runs[0].tries == (2 if begins else 0)
    assert found.runs[0].error is None
    assert workers.renewed == 2
    assert workers.closed
    monkeypatch.setattr(_compare, "open_workers", open_workers)
    plain = compare({"small": small}, (X, Y), **ASKED)
    assert found.runs[0].history == plain.runs[0].history
    assert len(Store(tmp_path).runs(status="done")) == 2


def test_a_run_whose_workers_always_die_fails_and_others_go_on(monkeypatch):
    workers = Mortal({("small", 0): 99})
    monkeypatch.setattr(_compare, "open_workers", lambda *_: workers)
    found = compare({"small": small, "large": large}, (X, Y), **ASKED)
    assert [run.status for run in found.runs] == ["failed", "done"]
    assert "Its worker died (WorkerDiedError: killed), 3 times" in found.runs[0].error
    assert workers.renewed == 2


def test_workers_that_die_before_any_run_begins_are_given_up(monkeypatch):
    workers = Mortal({("small", 0): 10**9}, begins=False)
    monkeypatch.setattr(_compare, "open_workers", lambda *_: workers)
    found = compare({"small": small}, (X, Y), **ASKED)
    assert found.runs[0].status == "failed"


def test_what_cannot_be_sent_fails_its_variant_and_names_the_class(monkeypatch):
    class Remote(DirectWorkers):
        pass

    workers = Mortal({})
    monkeypatch.setattr(_compare, "open_workers", lambda *_: workers)
    monkeypatch.setattr(_compare, "DirectWorkers", Remote)
    lock = threading.Lock()

    def build():
        with lock:
            return small()

    found = compare({"locked": build, "small": small}, (X, Y), **ASKED)
    assert [run.status for run in found.runs] == ["failed", "done"]
    assert "lock" in found.runs[0].error


def test_a_dataset_of_tensorflow_is_sent_nowhere():
    tensorflow = pytest.importorskip("tensorflow")
    dataset = tensorflow.data.Dataset.from_tensor_slices((X, Y)).batch(20)
    with pytest.raises(TypeError, match="cannot be sent to another process"):
        compare({"small": small}, dataset, test=dataset, executor="local", **ASKED)


# Stores


def test_a_store_that_cannot_be_used_costs_nothing(tmp_path):
    (tmp_path / "runs.sqlite").write_bytes(b"no database at all, but text " * 99)
    with pytest.warns(UserWarning, match="damaged"):
        found = compare({"small": small}, (X, Y), seeds=1, epochs=1, store=tmp_path, display=False)
    assert found.status == "done"


def test_where_no_run_can_be_kept_all_are_trained_and_it_is_said_once(tmp_path):
    (tmp_path / "file").touch()
    asked = {"seeds": 2, "epochs": 1, "display": False}
    with pytest.warns(UserWarning, match="not being kept") as caught:
        found = compare(
            {"small": small, "large": large}, (X, Y), store=tmp_path / "file" / "runs", **asked
        )
    assert [run.status for run in found.runs] == ["done"] * 4
    assert len([each for each in caught if "not being kept" in str(each.message)]) == 1


# Clocks


def test_a_clock_that_is_set_back_changes_nothing(monkeypatch):
    plain = compare({"small": small}, (X, Y), seeds=1, epochs=3, **QUIET).runs[0]
    back = itertools.count(2_000_000_000, -100_000)
    monkeypatch.setattr(time, "time", lambda: float(next(back)))
    found = compare({"small": small}, (X, Y), seeds=1, epochs=3, **QUIET)
    run = found.runs[0]
    assert (run.status, run.history, run.score) == ("done", plain.history, plain.score)
    assert 0 < run.times[0] < run.times[1] < run.times[2] < 1000
    assert 0 < run.seconds < 1000
    assert 0 < found.elapsed < 1000
