"""``compare``: held equal, exact, budgets, models and data of every shape, what it says."""

import random
import threading

import comparing
import keras
import numpy as np
import pytest
from comparing import (
    NOTED,
    QUIET,
    Batches,
    X,
    Y,
    dropping,
    large,
    listening,
    noting_large,
    noting_small,
    plain,
    small,
    two_outputs,
)

from keraslab.train import _compare, _run_task, compare
from keraslab.train._pilot import Pilot, estimate
from keraslab.train._pilot import pilot as measured
from keraslab.train._plan import Variant
from keraslab.train._task import Budget

TWO = {"small": small, "large": large}


pytestmark = pytest.mark.usefixtures("no_pilot")


# Exact and fair


def test_the_same_comparison_gives_exactly_the_same_numbers():
    asked = {"seeds": 2, "epochs": 2, **QUIET}
    one = compare({"small": small, "dropping": dropping}, (X, Y), **asked)
    random.seed(99)
    np.random.seed(99)
    two = compare({"small": small, "dropping": dropping}, (X, Y), **asked)
    assert plain(one.runs) == plain(two.runs)
    assert len({run.score for run in one.runs}) == 4, "seeds and variants differ"


def test_a_run_does_not_depend_on_what_ran_before_it():
    asked = {"epochs": 1, **QUIET}
    all_ = compare({"small": small, "dropping": dropping}, (X, Y), seeds=[5, 3], **asked)
    alone = compare({"other name": dropping}, (X, Y), seeds=[3], **asked)
    assert all_.run("dropping", 1).score == alone.runs[0].score
    assert all_.run("dropping", 1).history == alone.runs[0].history


def test_random_numbers_of_the_user_are_not_disturbed():
    def draw():
        found = [random.random(), float(np.random.rand()), float(keras.random.normal(()))]
        if keras.config.backend() == "tensorflow":
            import tensorflow

            found.append(float(tensorflow.random.uniform(())))
        return found

    keras.utils.set_random_seed(7)
    first = draw()
    known = draw()
    keras.utils.set_random_seed(7)
    assert draw() == first
    compare({"small": small}, (X, Y), seeds=1, epochs=1, **QUIET)
    assert draw() == known


def test_variants_meet_the_same_examples_in_the_same_order_and_the_test_once():
    x = X.copy()
    x[:, 0] = np.arange(len(x))
    test = X[:10].copy(), Y[:10]
    test[0][:, 0] = 1000 + np.arange(10)
    met = {}

    def seen(comparison):
        running = [run for run in comparison.runs if run.status == "done"]
        for run in running:
            if (run.variant, run.seed) not in met:
                met[run.variant, run.seed] = NOTED[:]
                NOTED.clear()

    class Begin(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            NOTED.clear()

    with listening(seen):
        found = compare(
            {"small": noting_small, "large": noting_large},
            (x, Y),
            test=test,
            seeds=2,
            epochs=2,
            callbacks=[Begin()],
            **QUIET,
        )
    assert found.status == "done"
    trained = {key: [batch for training, batch in all_ if training] for key, all_ in met.items()}
    assert trained["small", 0] == trained["large", 0]
    assert trained["small", 1] == trained["large", 1]
    assert trained["small", 0] != trained["small", 1]
    for key, all_ in met.items():
        assert not [value for batch in trained[key] for value in batch if value >= 1000]
        tested = sorted(value for _, batch in all_ for value in batch if value >= 1000)
        assert tested == list(range(1000, 1010)), "each test example is met once"
        place = next(i for i, (_, batch) in enumerate(all_) if batch[0] >= 1000)
        assert not any(training for training, _ in all_[place:]), "and after the training"


def test_a_function_that_seeds_everything_leaves_the_seeds_different():
    def stubborn():
        keras.utils.set_random_seed(1)
        return small()

    found = compare({"stubborn": stubborn}, (X, Y), seeds=2, epochs=1, **QUIET)
    assert found.runs[0].score != found.runs[1].score


def test_compiled_models_are_built_anew_and_not_changed():
    model = dropping()
    before = model.get_weights()
    found = compare({"model": model}, (X, Y), seeds=2, epochs=1, **QUIET)
    as_function = compare({"function": dropping}, (X, Y), seeds=2, epochs=1, **QUIET)
    assert [run.score for run in found.runs] == [run.score for run in as_function.runs]
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert model.optimizer.iterations == 0


def test_data_are_never_changed():
    class Spoils(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            batches.x[:] = 0  # not what the run has: that is a copy

    batches = Batches(X.copy(), Y.copy())
    x, y = X.copy(), Y.copy()
    compare({"small": small}, (x, y), seeds=1, epochs=2, validation=0.2, **QUIET)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, Y)
    one = compare({"small": small}, batches, test=(X, Y), seeds=2, epochs=2, **QUIET)
    np.testing.assert_array_equal(batches.order, np.arange(len(X)))
    two = compare({"small": small}, batches, test=(X, Y), seeds=[1], epochs=2, **QUIET)
    assert one.runs[1].history == two.runs[0].history, "each run begins with the same order"


def test_it_says_what_was_held_equal_and_what_not():
    def other():
        return comparing.model(4, optimizer="adam")

    found = compare(
        {"small": small, "large": large, "other": other},
        (X, Y),
        seeds=2,
        epochs=1,
        validation=0.25,
        **QUIET,
    )
    said = "\n".join(found.held_equal)
    assert "The same budget: 1 epoch a run." in said
    assert "36 examples in 2 batches an epoch, 12 of validation, 12 of test" in said
    assert "in the same order for all variants" in said
    assert "The same loss." in said
    assert "Not held equal: the optimizer" in said
    assert "Not held equal: parameters, 25 to 97 (3.9 times)." in said
    assert "The same number of threads" in said
    assert found.provenance["data"]
    assert found.provenance["versions"]["keras"] == keras.__version__


# Budgets


def test_a_budget_of_macs_is_spent_to_the_batch():
    found = compare(TWO, (X, Y), seeds=1, macs=10_000, batch_size=10, **QUIET)
    by_name = {run.variant: run for run in found.runs}
    assert by_name["small"].macs == 10_000  # 20 an example: 50 batches of 10
    assert 10_000 <= by_name["large"].macs < 10_000 + 10 * 80
    assert by_name["small"].epoch > by_name["large"].epoch
    assert all(run.status == "done" for run in found.runs)


def test_a_budget_of_seconds_ends_all_alike():
    found = compare(TWO, (X, Y), seeds=1, seconds=0.2, **QUIET)
    assert all(run.status == "done" and run.seconds >= 0.2 for run in found.runs)
    assert all(run.part == 1.0 for run in found.runs)


def test_a_model_whose_macs_are_not_known_is_refused_a_budget_of_them(monkeypatch):
    monkeypatch.setattr(_run_task, "macs_of", lambda model: None)
    found = compare({"small": small}, (X, Y), seeds=1, macs=1000, **QUIET)
    assert found.status == "failed"
    assert "not known" in found.runs[0].error


# Models and data of every shape


def test_several_inputs_and_outputs_by_name():
    x = {"left": X, "right": X[::-1].copy()}
    y = {"total": Y, "large": (Y[:, 0] > 0).astype("int32")}
    found = compare({"two": two_outputs}, (x, y), seeds=2, epochs=1, **QUIET)
    assert found.status == "done"
    assert found.score_name == "large_accuracy"
    assert found.higher_is_better
    assert {"loss", "total_loss", "large_loss", "large_accuracy"} <= set(found.runs[0].test)
    by_loss = compare(
        {"two": two_outputs}, (x, y), score="val_total_loss", seeds=1, epochs=1, **QUIET
    )
    assert by_loss.runs[0].score == found.runs[0].test["total_loss"]
    assert not by_loss.higher_is_better


def test_weights_of_examples():
    heavy = np.where(Y[:, 0] > 0, 10.0, 0.1)
    plain_ = compare({"small": small}, (X, Y), seeds=1, epochs=1, **QUIET).runs[0]
    weighted = compare({"small": small}, (X, Y, heavy), seeds=1, epochs=1, **QUIET).runs[0]
    assert plain_.history["loss"] != weighted.history["loss"]


def test_a_tf_data_dataset_with_a_length():
    tensorflow = pytest.importorskip("tensorflow")
    dataset = tensorflow.data.Dataset.from_tensor_slices((X, Y)).batch(20)
    found = compare({"small": small}, dataset, test=dataset, seeds=1, epochs=1, **QUIET)
    assert found.runs[0].error is None
    assert "the dataset's own" in "\n".join(found.held_equal)


def test_a_function_that_cannot_be_pickled_is_fine_in_this_process():
    lock = threading.Lock()

    def build():
        with lock:
            return small()

    assert compare({"a": build}, (X, Y), seeds=1, epochs=1, **QUIET).status == "done"


def test_callbacks_are_copied_for_each_run():
    stopper = keras.callbacks.EarlyStopping("loss", patience=0, min_delta=1e9)
    found = compare({"small": small}, (X, Y), seeds=2, epochs=5, callbacks=[stopper], **QUIET)
    assert [run.epoch for run in found.runs] == [2, 2]
    assert [run.status for run in found.runs] == ["done", "done"]
    assert stopper.stopped_epoch == 0


# What it says


def test_table_verdict_and_texts(capsys, monkeypatch):
    monkeypatch.setattr(_compare, "pilot", measured)
    found = compare(TWO, (X, Y), seeds=2, epochs=1, store=False)
    assert 0 < found.estimate.seconds < float("inf")
    assert "about" in found.estimate.said
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == found.estimate.said
    assert len(lines) == 1 + 4
    assert lines[1].startswith("small, seed 0: done, mae ")
    assert "| small |" in found.to_markdown()
    assert "tabular" in found.to_latex()
    assert "4 of 4 runs done" in repr(found)
    assert found.verdict.name == "mae"
    assert [row["params"] for row in found.rows()] == [25, 97]
    assert found.diff("small", "large")
    with pytest.raises(KeyError, match="'small', 'large'"):
        found.diff("small", "huge")
    frame = pytest.importorskip("pandas") and found.to_frame()
    assert list(frame["score"]) == [run.score for run in found.runs]


def test_what_is_measured():
    run = compare({"small": small}, (X, Y), seeds=1, epochs=2, **QUIET).runs[0]
    assert run.latency > 0
    assert run.cpu_seconds > 0
    assert run.threads
    assert len(run.times) == 2
    assert run.part == 1.0
    assert run.peak_memory is None, "this process holds more than the run"


def test_the_estimate_is_scaled_by_macs_budget_and_workers():
    pilots = [Pilot(100, batch=0.01, begin=1.0, cpu=2.0), Pilot(300, 0.03, 1.0, 2.0)]
    runs = [Variant("a", macs=100), Variant("b", macs=200)]
    size = {"batches": 100, "examples": 3200, "validation": 0}
    found = estimate(runs, pilots, Budget(epochs=10), workers=1, **size)
    assert found.seconds == pytest.approx(1 + 10 + 1 + 20)
    assert found.cpu_seconds == pytest.approx(2 * found.seconds)
    assert "2 runs: about 32 s" in found.said
    side = estimate(runs, pilots, Budget(epochs=10), workers=2, **size)
    assert side.seconds == pytest.approx(16)
    assert "2 at a time" in side.said
    macs = estimate(runs, pilots, Budget(macs=3200 * 200), workers=1, **size)
    assert macs.seconds == pytest.approx(1 + 2 + 1 + 2)
    seconds = estimate(runs, pilots, Budget(seconds=5.0), workers=1, **size)
    assert seconds.seconds == pytest.approx(12)
    assert estimate(runs, [], Budget(epochs=1), workers=1, **size).seconds is None
