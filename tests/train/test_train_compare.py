"""``compare``: held equal, exact, budgets, models and data of every shape, what it says."""

import random
import threading
from concurrent.futures import Executor, Future

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

from keraslab.graph import cost_of
from keraslab.train import _compare, _pilot, _run_task, compare, grid, match
from keraslab.train._parcel import pack, unpack
from keraslab.train._pilot import Pilot, estimate
from keraslab.train._pilot import pilot as measured
from keraslab.train._plan import Variant
from keraslab.train._task import Budget
from keraslab.train._workers import SerialWorkers

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


def test_what_other_threads_draw_changes_no_run():
    """As a cluster's worker does, which draws from Python's own numbers to guess sizes."""

    def disturbed():
        other = threading.Thread(target=lambda: [random.random() for _ in range(99)])
        other.start()
        other.join()
        return dropping()

    asked = {"seeds": 2, "epochs": 1, **QUIET}
    alone = compare({"alone": dropping}, (X, Y), **asked)
    beside = compare({"beside": disturbed}, (X, Y), **asked)
    assert [run.history for run in beside.runs] == [run.history for run in alone.runs]


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
    assert found.budget == "macs"
    epoch = 48 * 20
    assert by_name["small"].along == [*range(epoch, 10_000, epoch), 10_000]
    for run in found.runs:
        assert len(run.along) == len(run.history["loss"])
        assert run.along[-1] == run.macs, "the last epoch ends with the budget"


def test_a_budget_of_seconds_ends_all_alike():
    found = compare(TWO, (X, Y), seeds=1, seconds=0.2, **QUIET)
    assert all(run.status == "done" and run.seconds >= 0.2 for run in found.runs)
    assert all(run.part == 1.0 for run in found.runs)
    assert found.budget == "seconds"
    for run in found.runs:
        assert run.along == sorted(run.along)
        assert 0.2 <= run.along[-1] <= run.seconds
        assert len(run.along) == run.epoch


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


def test_a_grid_is_compared():
    def build(units, rate):
        return comparing.model(units, rate=rate)

    found = compare(grid(build, units=[2, 4], rate=[0.0, 0.5]), (X, Y), seeds=1, epochs=1, **QUIET)
    names = ["units=2 rate=0.0", "units=2 rate=0.5", "units=4 rate=0.0", "units=4 rate=0.5"]
    assert list(found.variants) == names
    assert [row["params"] for row in found.rows()] == [13, 13, 25, 25]
    assert len({run.score for run in found.runs if run.status == "done"}) == 4


def test_variants_of_the_same_capacity():
    def deep(units):
        layers = [keras.layers.Dense(units, "tanh") for _ in range(3)]
        found = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(1)])
        found.compile("sgd", "mse", metrics=["mae"], run_eagerly=True)
        return found

    same = match(deep, params=97, by="units")
    found = compare({"large": large, "deep": same}, (X, Y), seeds=1, epochs=1, **QUIET)
    assert [row["params"] for row in found.rows()] == [97, 91]
    assert "Not held equal: parameters, 91 to 97 (6.6% apart)." in found.held_equal
    assert found.status == "done"


class Elsewhere(Executor):
    """Whose processes may be anywhere: all it gets and gives is pickled, and counted."""

    def __init__(self):
        self.sent, self.came = [], []

    def submit(self, call, /, *given):
        packed = pack(given, "it")
        self.sent.append(len(packed))
        outcome = pack(call(*unpack(packed)), "it")
        self.came.append(len(outcome))
        future = Future()
        future.set_result(unpack(outcome))
        return future


def test_no_weights_are_sent_and_none_come_back():
    def wide():
        layers = [keras.layers.Dense(700) for _ in range(2)]
        found = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(1)])
        found.compile("adam", "mse", metrics=["mae"], run_eagerly=True)
        return found

    elsewhere, built = Elsewhere(), wide()
    assert built.count_params() > 490_000
    found = compare(
        {"function": wide, "model": built}, (X, Y), seeds=1, epochs=1, executor=elsewhere, **QUIET
    )
    assert [run.error for run in found.runs] == [None, None]
    assert found.runs[0].history == found.runs[1].history
    assert max(elsewhere.sent) < 40_000, "the data among it"
    assert max(elsewhere.came) < 10_000


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
    assert "units 4 → 16" in str(found.diff("small", "large"))
    assert found.to_figure().axes[0].get_title(loc="left") == "mae, training"
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


class Clock:
    """Time that passes only where a layer or a function says so, at two processors."""

    now = 0.0

    def read(self):
        return self.now

    def read_cpu(self):
        return 2 * self.now


CLOCK = Clock()
BUILD, A_UNIT = 3.0, 0.002


class Taking(keras.layers.Layer):
    """Takes a while to be made, and then its units' time; a third where nothing is trained."""

    def __init__(self, units):
        super().__init__()
        self.units = units
        CLOCK.now += BUILD

    def call(self, x, training=False):
        if not isinstance(x, keras.KerasTensor):
            CLOCK.now += A_UNIT * self.units / (1 if training else 3)
        return x


@cost_of(Taking)
def _no_macs(layer, inputs, outputs):
    """So that those of the model are known: the ones of its other layers."""
    return 0


def taking(units):
    def build():
        layers = [keras.layers.Dense(units), Taking(units), keras.layers.Dense(1)]
        found = keras.Sequential([keras.Input((4,)), *layers])
        found.compile("sgd", "mse", metrics=["mae"], run_eagerly=True)
        return found

    return build


@pytest.mark.parametrize("workers", [1, 2])
def test_the_estimate_is_what_the_runs_then_take(monkeypatch, workers):
    """On a clock of its own, on which each batch takes what the network's size says."""
    for name, reads in (("perf_counter", CLOCK.read), ("process_time", CLOCK.read_cpu)):
        monkeypatch.setattr(_pilot, name, reads)

    class Side(SerialWorkers):
        count = workers

    def noted(*given):
        pilots.append(measured(*given))
        return pilots[-1]

    began, pilots = [], []
    monkeypatch.setattr(_compare, "open_workers", lambda *_: Side(None))
    monkeypatch.setattr(_compare, "pilot", noted)
    with listening(lambda comparison: began.append(CLOCK.now)):
        found = compare(
            {str(units): taking(units) for units in (10, 25, 60)},
            (X, Y),
            seeds=2,
            epochs=8,
            validation=0.25,
            batch_size=12,
            **QUIET,
        )
    assert found.status == "done"
    low, high = pilots
    assert (low.batch, high.batch) == pytest.approx((10 * A_UNIT, 60 * A_UNIT))
    begin = BUILD + high.batch + high.batch / 3  # Keras calls a layer once before the first batch
    assert high.begin == pytest.approx(begin)
    # An epoch has 3 batches of training and 1 of validation; what is between is interpolated.
    runs = [begin + 8 * (3 + 1 / 3) * A_UNIT * units for units in (10, 25, 60)]
    assert found.estimate.seconds == pytest.approx(2 * sum(runs) / workers)
    assert found.estimate.cpu_seconds == pytest.approx(2 * 2 * sum(runs))
    assert found.estimate.workers == workers
    assert found.estimate.seconds * workers == pytest.approx(CLOCK.now - began[0], rel=0.05)
