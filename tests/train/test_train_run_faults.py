"""Runs of ``fit`` when things go wrong: a loss that is no number, a disk that takes no more."""

import os
import resource
import shutil
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from running import WAIT, Calls, X, Y, small

import keraslab as kl
from keraslab.train import Store, fit

ROOT = Path(kl.__file__).parents[1]
QUIET = {"display": False, "store": False}


def spoiled(batch_wanted, epoch_wanted=1):
    """Make the loss NaN in this batch, by a weight that is none."""
    at = {}

    def spoil(batch, logs=None):
        if (at["epoch"], batch) == (epoch_wanted, batch_wanted):
            bias = spoil.of.layers[-1].bias
            bias.assign(bias * float("nan"))

    calls = Calls(
        on_epoch_begin=lambda epoch, logs=None: at.update(epoch=epoch), on_train_batch_begin=spoil
    )
    return calls, spoil


@pytest.mark.parametrize("last", [False, True])
def test_a_loss_that_is_not_a_number_ends_the_run_and_all_before_is_kept(tmp_path, last):
    batch = 3 if last else 1
    model, path = small(), tmp_path / "a.weights.h5"
    calls, spoil = spoiled(batch)
    spoil.of = model
    seen = []
    calls.on_train_batch_end = lambda batch, logs=None: seen.append(batch)
    run = fit(
        model, X, Y, batch_size=16, epochs=9, checkpoint=path, keep_best=True,
        callbacks=[calls], display=False, store=tmp_path / "runs.sqlite",
    )  # fmt: skip
    assert seen == [0, 1, 2, 3, *range(batch + 1)]
    assert (run.status, run.error, run.wait(0)) == ("failed", None, True)
    assert run.diverged.startswith(f"The loss became nan in epoch 2, batch {batch + 1}, and")
    assert repr(run).endswith(run.diverged)
    assert len(run.history["loss"]) == 2
    assert np.isfinite(run.history["loss"][0])
    assert run.best.epoch == 1
    assert np.isfinite(np.concatenate([each.ravel() for each in model.get_weights()])).all()
    (kept,) = kl.runs(path=tmp_path / "runs.sqlite")
    assert (kept.status, kept.error) == ("failed", run.diverged)
    assert len(kept.points["batch", "loss"]) == 4 + batch + 1
    again = fit(small(), X, Y, batch_size=16, epochs=2, resume=path, **QUIET)
    assert np.isfinite(again.history["loss"]).all(), "the checkpoint is of the epoch before"


def test_an_infinite_loss_may_recover():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", lambda y, p: keras.ops.mean(p * 0.0, axis=-1) + keras.ops.max(y))
    y = Y.copy()
    y[0] = np.inf
    run = fit(model, X, y, epochs=2, **QUIET)
    assert (run.status, run.diverged) == ("done", None)
    assert run.history["loss"] == [np.inf, np.inf]


@pytest.fixture
def little_room():
    """Let no file of this process grow beyond a few bytes, from when it is asked until the end."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(most=4096):
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))

    limit.lift = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    yield limit
    limit.lift()


@pytest.mark.parametrize("strict", [False, True])
def test_a_checkpoint_on_a_full_disk_warns_once_and_training_goes_on(
    tmp_path, little_room, strict, caplog
):
    path = tmp_path / "a.weights.h5"
    whole = []
    calls = Calls(
        on_epoch_begin=lambda epoch, logs=None: (
            epoch == 1 and (whole.append(path.read_bytes()), little_room())
        ),
        on_epoch_end=lambda epoch, logs=None: epoch == 3 and little_room.lift(),
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error" if strict else "always", UserWarning)
        run = fit(small(), X, Y, epochs=3, seed=1, checkpoint=path, callbacks=[calls], **QUIET)
    little_room.lift()
    assert (run.status, len(run.history["loss"])) == ("done", 3)
    said = caplog.messages if strict else [str(each.message) for each in caught]
    (said,) = [each for each in said if "checkpoint" in each]
    assert f"The checkpoint {path} could not be written after epoch 2: " in said
    assert [each.name for each in tmp_path.iterdir()] == [path.name], "no drafts are left"
    assert path.read_bytes() == whole[0], "that of the first epoch is whole"


def test_a_checkpoint_is_written_again_when_it_can_be(tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    path = folder / "a.weights.h5"
    calls = Calls(
        on_epoch_begin=lambda epoch, logs=None: (
            shutil.rmtree(folder) if epoch == 0 else folder.mkdir()
        )
    )
    with pytest.warns(UserWarning, match="could not be written after epoch 1"):
        fit(small(), X, Y, epochs=2, seed=1, checkpoint=path, callbacks=[calls], **QUIET)
    more = fit(small(), X, Y, epochs=3, resume=path, **QUIET)
    assert len(more.history["loss"]) == 3


def test_no_weights_are_written_unless_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wide = keras.Sequential([keras.Input((4,)), keras.layers.Dense(50_000)])
    wide.compile("sgd", "mse")
    y = np.zeros((64, 50_000), "float32")
    run = fit(wide, X, y, batch_size=64, display=False, store=tmp_path)
    assert run.status == "done"
    names = {each.name for each in tmp_path.rglob("*")}
    assert names <= {"runs.sqlite", "runs.sqlite-wal", "runs.sqlite-shm"}
    assert sum(each.stat().st_size for each in tmp_path.rglob("*")) < 500_000


def test_what_a_kept_run_tells_of_its_begin_and_its_times(tmp_path):
    import keraslab

    run = fit(small(), X, Y, epochs=3, batch_size=16, seed=4, display=False, store=tmp_path)
    (kept,) = kl.runs(path=tmp_path)
    backend = keras.config.backend()
    assert kept.versions.keys() == {"keraslab", "keras", "backend", backend, "numpy", "python"}
    assert kept.versions["keraslab"] == keraslab.__version__
    assert kept.versions["backend"] == backend
    assert kept.facts["compiled"]["loss"] == "mse"
    assert (kept.settings["batch_size"], kept.seed) == (16, 4)
    for rows in kept.points.values():
        seconds = [row[2] for row in rows]
        assert seconds[0] > 0
        assert sorted(seconds) == seconds
        assert seconds[-1] <= run.seconds
    ends = [row[2] for row in kept.points["train", "loss"]]
    last = [row[2] for row in kept.points["batch", "loss"]][3::4]
    assert all(end >= batch for end, batch in zip(ends, last, strict=True))


@pytest.mark.slow
def test_a_background_run_ends_in_order_with_its_process(tmp_path):
    code = f"""
    import sys, threading
    sys.path.insert(0, {str(ROOT)!r})
    import keras, numpy as np
    import keraslab as kl

    began = threading.Event()
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)], name="left")
    model.compile("sgd", "mse")
    says = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: began.set())
    kl.fit(model, np.ones((4, 2)), np.ones((4, 1)), epochs=10**9, background=True,
           callbacks=[says], display=False)
    assert began.wait({WAIT})
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "KERASLAB_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=4 * WAIT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (run,) = Store(tmp_path).runs()
    assert (run.name, run.status) == ("left", "stopped")
