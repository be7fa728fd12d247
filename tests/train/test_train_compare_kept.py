"""Comparisons that are kept, stopped and gone on with; halving; the background."""

import os
import signal
import threading

import comparing
import keras
import numpy as np
import pytest
from comparing import (
    QUIET,
    X,
    Y,
    dropping,
    large,
    listening,
    plain,
    small,
    untrained,
)

from keraslab.train import Store, _checkpoint, _compare, _conduct, _run_task, compare
from keraslab.train._states import states_folder
from keraslab.train._task import Budget, Data, Task
from keraslab.train._thread_count import threads_in_use
from keraslab.train._workers import DirectChannel, SerialWorkers
from keraslab.train._workers_local import end_processes

TWO = {"small": small, "large": large}


pytestmark = pytest.mark.usefixtures("no_pilot")


# Kept


def test_what_is_done_is_not_trained_again(tmp_path, monkeypatch):
    monkeypatch.setattr(_conduct, "run_task", untrained)
    asked = {"epochs": 1, "store": tmp_path, "display": False}
    first = compare(TWO, (X, Y), seeds=2, **asked)
    assert not any(run.reused for run in first.runs)
    again = compare(TWO, (X, Y), seeds=2, **asked)
    assert all(run.reused for run in again.runs)
    assert plain(again.runs) == plain(first.runs)
    assert again.estimate.seconds == 0
    assert "4 kept from before" in again.estimate.said
    more = compare({**TWO, "dropping": dropping}, (X, Y), seeds=3, **asked)
    reused = {(run.variant, run.seed) for run in more.runs if run.reused}
    assert reused == {(name, seed) for name in TWO for seed in (0, 1)}
    assert more.run("large", 1).latency == first.run("large", 1).latency
    assert len(Store(tmp_path).runs(comparison=first.fingerprint)) == 4 + 5


@pytest.mark.parametrize(
    "what",
    ["data", "epochs", "batch_size", "variant", "weights", "fit", "optimizer", "seeds", "versions"],
)
def test_what_differs_is_trained_again(tmp_path, monkeypatch, what):
    monkeypatch.setattr(_conduct, "run_task", untrained)
    asked = {"seeds": 1, "epochs": 1, "store": tmp_path, "display": False}
    compare({"a": small}, (X, Y), **asked)
    assert compare({"a": small}, (X, Y), **asked).runs[0].reused
    build, data = small, (X, Y)
    if what == "versions":
        monkeypatch.setattr(keras, "__version__", "99.0")
    elif what == "optimizer":

        def build():
            return comparing.model(4, optimizer=keras.optimizers.SGD(0.02))

    elif what == "seeds":
        asked["seeds"] = [7]
    elif what == "data":
        data = (X, Y + 1)
    elif what == "variant":
        build = large
    elif what == "weights":

        def build():
            found = small()
            found.set_weights([np.ones_like(each) for each in found.get_weights()])
            return found

    else:
        asked |= {"fit": {"shuffle": False}}.get(what) or {what: 2}
    assert not compare({"a": build}, data, **asked).runs[0].reused


def test_another_name_or_score_is_not_trained_again(tmp_path, monkeypatch):
    monkeypatch.setattr(_conduct, "run_task", untrained)
    asked = {"seeds": 1, "epochs": 1, "store": tmp_path, "display": False}
    first = compare({"a": small}, (X, Y), **asked)
    again = compare({"b": small}, (X, Y), score="loss", **asked)
    assert again.runs[0].reused
    assert again.runs[0].score == first.runs[0].test["loss"]


def test_the_store_has_each_run_with_its_facts(tmp_path):
    found = compare(
        {"small": small}, (X, Y), seeds=1, epochs=2, validation=0.2, store=tmp_path, display=False
    )
    stored = Store(tmp_path).runs()[0]
    assert (stored.status, stored.variant, stored.seed_index) == ("done", "small", 0)
    assert stored.comparison == found.fingerprint
    assert stored.id == found.runs[0].id
    assert stored.history == found.runs[0].history
    assert {"loss", "mae", "val_loss", "val_mae"} == set(stored.history)
    assert stored.facts["score"] == found.runs[0].score
    assert stored.cost == {"params": 25, "macs": 20}
    assert stored.config["class_name"] == "Sequential"


def test_where_its_epochs_ended_is_told_as_it_goes_and_kept(tmp_path):
    asked = {"seeds": 1, "macs": 4000, "store": tmp_path, "display": False}
    told = []
    with listening(lambda comparison: told.append(list(comparison.runs[0].along))):
        first = compare({"small": small}, (X, Y), **asked).runs[0]
    assert [960] in told
    assert [960, 1920] in told
    again = compare({"small": small}, (X, Y), **asked).runs[0]
    assert again.reused
    assert again.along == first.along == [960, 1920, 2880, 3840, 4480]


# Halving


FOUR = {
    "good": lambda: comparing.model(16, optimizer=keras.optimizers.SGD(0.1)),
    "fair": lambda: comparing.model(16, optimizer=keras.optimizers.SGD(0.03)),
    "poor": lambda: comparing.model(16, optimizer=keras.optimizers.SGD(1e-4)),
    "hopeless": lambda: comparing.model(16, optimizer=keras.optimizers.SGD(1e-6)),
}


@pytest.mark.parametrize("kept", [True, False])
def test_halving_drops_the_weak_and_trains_the_rest_exactly_as_ever(tmp_path, kept):
    asked = {"seeds": 1, "epochs": 6, "validation": 0.25, "display": False}
    store = tmp_path if kept else False
    found = compare(FOUR, (X, Y), halving=True, store=store, **asked)
    assert set(found.dropped) == {"poor", "hopeless"}
    assert {run.status for run in found.runs if run.variant == "poor"} == {"dropped"}
    names = {name for pair in found.verdict.pairs for name in pair[:2]}
    assert names == {"good", "fair"}
    assert "poor" in str(found.verdict)
    whole = compare({name: FOUR[name] for name in ("good", "fair")}, (X, Y), store=False, **asked)
    left = [run for run in found.runs if run.variant in ("good", "fair")]
    assert plain(left) == plain(whole.runs)
    dropped = found.run("poor", 0)
    assert dropped.score is None
    assert not dropped.test, "the test data are for those that end"
    assert len(dropped.history["val_mae"]) == found.dropped["poor"]
    assert not list(tmp_path.rglob("*.weights.h5"))


def test_halving_without_room_for_states_comes_to_the_same(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    asked = {"seeds": 1, "epochs": 6, "validation": 0.25, "display": False}
    kept = compare(FOUR, (X, Y), halving=True, store=tmp_path / "a", **asked)
    monkeypatch.setattr(_checkpoint, "write", full)
    found = compare(FOUR, (X, Y), halving=True, store=tmp_path / "b", **asked)
    assert {run.error for run in found.runs} == {None}
    assert found.dropped == kept.dropped
    assert plain(found.runs) == plain(kept.runs)


@pytest.mark.slow
def test_halving_in_processes_comes_to_the_same(tmp_path):
    asked = {"seeds": 2, "epochs": 6, "validation": 0.25, "display": False, "halving": True}
    here = compare(FOUR, (X, Y), threads=threads_in_use(), store=tmp_path / "a", **asked)
    there = compare(
        FOUR, (X, Y), threads=threads_in_use(), store=tmp_path / "b", executor="local", **asked
    )
    end_processes()
    assert there.dropped == here.dropped
    assert plain(there.runs) == plain(here.runs)


class Blind(SerialWorkers):
    """Two workers that see no file of this machine."""

    asked = ()

    def blind_to(self, mark):
        assert mark.is_file(), "it is there when they are asked"
        Blind.asked = (mark,)
        return ["tcp://far:1", "tcp://far:2", "tcp://far:3", "tcp://far:4"]


@pytest.mark.parametrize("kept", [True, False])
def test_halving_needs_a_folder_that_all_workers_see_and_says_so_first(tmp_path, monkeypatch, kept):
    monkeypatch.setattr(_compare, "open_workers", lambda *_: Blind(None))
    monkeypatch.setattr(_conduct, "run_task", lambda *_: pytest.fail("a run has started"))
    asked = {"seeds": 1, "epochs": 6, "validation": 0.25, "display": False}
    with pytest.raises(ValueError, match="do not see it") as caught:
        compare(FOUR, (X, Y), halving=True, store=tmp_path if kept else False, **asked)
    said = str(caught.value)
    (mark,) = Blind.asked
    assert str(mark.parent) in said
    assert "tcp://far:1, tcp://far:2, tcp://far:3 and 1 more. Give store= a folder" in said
    assert not mark.exists()
    assert mark.parent.exists() == kept, "what was made for it is gone"
    assert not kept or mark.parent == tmp_path / "halving"


def test_a_state_is_left_where_its_folder_is_and_nowhere_else(tmp_path):
    task = Task("a", 0, 0, small, Budget(epochs=2), state=str(tmp_path / "gone" / "a"), until=1)
    data = Data((X, Y), (X, Y), (X, Y))
    outcome = _run_task.run_task(task, data, DirectChannel(SerialWorkers(None)))
    assert outcome.status == "paused"
    assert not (tmp_path / "gone").exists()


def test_a_folder_that_cannot_be_made_is_replaced(tmp_path):
    (tmp_path / "file").touch()
    folder = states_folder(tmp_path / "file" / "halving", SerialWorkers(None))
    assert folder.is_dir()
    assert list(folder.iterdir()) == []
    folder.rmdir()


def test_halving_goes_on_where_it_was_stopped(tmp_path):
    asked = {"seeds": 1, "epochs": 6, "validation": 0.25, "display": False, "store": tmp_path}

    def stop(comparison):
        if comparison.dropped:
            comparison.stop()

    with listening(stop):
        first = compare(FOUR, (X, Y), halving=True, **asked)
    assert first.status == "stopped"
    assert list(tmp_path.rglob("*.weights.h5"))
    epochs = []
    with listening(lambda comparison: epochs.append([run.epoch for run in comparison.runs])):
        again = compare(FOUR, (X, Y), halving=True, **asked)
    assert again.status == "done"
    first_of = {run.variant: run.epoch for run in first.runs}
    assert again.dropped == first.dropped
    assert again.run("good", 0).epoch == 6
    assert first_of["good"] in (2, 3)
    whole = compare({"good": FOUR["good"]}, (X, Y), **{**asked, "store": False})
    assert again.run("good", 0).history == whole.runs[0].history


# Stops


def test_stop_keeps_what_is_done_and_the_next_call_goes_on(tmp_path):
    asked = {"seeds": 2, "epochs": 3, "store": tmp_path, "display": False}

    def stop(comparison):
        if comparison.runs[1].epoch == 1:
            comparison.stop()

    with listening(stop):
        first = compare(TWO, (X, Y), **asked)
    assert first.status == "stopped"
    assert [run.status for run in first.runs] == ["done", "stopped", "stopped", "stopped"]
    assert first.runs[1].history["loss"]
    assert first.runs[1].score is None
    assert [run.status for run in Store(tmp_path).runs()] == ["stopped", "done"]
    again = compare(TWO, (X, Y), **asked)
    assert [run.reused for run in again.runs] == [True, False, False, False]
    assert plain(again.runs) == plain(compare(TWO, (X, Y), **{**asked, "store": False}).runs)


def test_an_interrupt_of_the_kernel_stops_gracefully():
    def interrupt(comparison):
        if comparison.runs[0].epoch == 1 and not comparison.stopping:
            os.kill(os.getpid(), signal.SIGINT)

    with listening(interrupt):
        found = compare(TWO, (X, Y), seeds=1, epochs=50, **QUIET)
    assert found.status == "stopped"
    assert found.runs[0].status == "stopped"
    assert 1 <= found.runs[0].epoch < 50
    assert found.runs[1].status == "stopped"
    assert found.wait(0)


def test_a_second_interrupt_raises():
    seen = []

    def interrupt(comparison):
        if comparison.status == "running" and comparison.runs[0].status == "running":
            seen.append(comparison)
            signal.raise_signal(signal.SIGINT)

    with listening(interrupt), pytest.raises(KeyboardInterrupt):
        compare(TWO, (X, Y), seeds=1, epochs=50, batch_size=1, **QUIET)
    assert seen[0].status == "failed"
    assert all(run.status == "stopped" for run in seen[0].runs)


def test_in_the_background_with_the_settings_of_this_thread():
    gate, policies = threading.Event(), []

    def hold(comparison):
        if comparison.runs[0].status == "running":
            policies.append(keras.config.dtype_policy().name)
            assert gate.wait(60)

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        with listening(hold):
            found = compare(TWO, (X, Y), seeds=1, epochs=1, background=True, **QUIET)
            assert found.status == "running"
            assert not found.wait(0)
            gate.set()
            assert found.wait(60)
    finally:
        gate.set()
        keras.config.set_dtype_policy(before)
    assert set(policies) == {"mixed_bfloat16"}
    assert found.status == "done"


def test_two_at_once_in_one_process_train_one_after_the_other():
    running, most = set(), []

    def count(comparison):
        for run in comparison.runs:
            key = (id(comparison), run.variant, run.seed)
            (running.add if run.status == "running" else running.discard)(key)
        most.append(len(running))

    with listening(count):
        both = [compare(TWO, (X, Y), seeds=1, epochs=2, background=True, **QUIET) for _ in range(2)]
        assert all(each.wait(60) for each in both)
    assert plain(both[0].runs) == plain(both[1].runs)
    assert max(most) == 1
