"""Comparisons whose kernel, or whose workers, are killed; and two of them on one store."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import comparing
import pytest
from comparing import QUIET, X, Y, large, model, small

from keraslab.train import Store, _compare, compare

ASKED = {"seeds": 1, "epochs": 1, **QUIET}
HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _no_pilot(monkeypatch):
    monkeypatch.setattr(_compare, "pilot", lambda *_: None)


SCRIPT = """
import os, signal, sys
sys.path.insert(0, {here!r})
import comparing
from keraslab.train import _compare, _run_task, compare
_compare.pilot = lambda *_: None
found = compare(
    {{"small": comparing.small, "large": comparing.large}}, (comparing.X, comparing.Y),
    seeds=2, epochs=3, store={store!r}, display=False, background=True,
)
def kill(comparison):
    if comparison.runs[1].epoch == 1:
        os.kill(os.getpid(), signal.SIGKILL)
if {kills}:
    found.on_change(kill)
assert found.wait(120)
print([run.reused for run in found.runs], [run.score for run in found.runs])
"""


def start(store, *, kills=False):
    text = SCRIPT.format(here=str(HERE), store=str(store), kills=kills)
    return subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_after_sigkill_in_mid_epoch_it_goes_on_where_it_was(tmp_path):
    killed = start(tmp_path, kills=True)
    killed.communicate(timeout=180)
    assert killed.returncode == -signal.SIGKILL
    store = Store(tmp_path)
    assert sorted(run.status for run in store.runs()) == ["done", "killed"]
    lost = store.runs(status="killed")[0]
    asked = {"seeds": 2, "epochs": 3, "display": False}
    variants = {"small": small, "large": large}
    again = compare(variants, (X, Y), store=tmp_path, **asked)
    assert again.status == "done"
    assert [run.reused for run in again.runs] == [True, False, False, False]
    assert (lost.variant, lost.seed_index) == ("small", 1)
    whole = compare(variants, (X, Y), store=False, **asked)
    assert comparing.plain(again.runs) == comparing.plain(whole.runs)


@pytest.mark.slow
def test_two_processes_on_one_store(tmp_path):
    both = [start(tmp_path) for _ in range(2)]
    said = [each.communicate(timeout=240) for each in both]
    assert [each.returncode for each in both] == [0, 0], said
    scores = {text.rpartition("[")[2] for text, _ in said}
    assert len(scores) == 1, "the same numbers"
    assert {run.status for run in Store(tmp_path).runs()} == {"done"}
    again = compare(
        {"small": small, "large": large}, (X, Y), seeds=2, epochs=3, store=tmp_path, display=False
    )
    assert all(run.reused for run in again.runs)


@pytest.mark.slow
def test_a_local_worker_that_is_killed_is_repeated(tmp_path, monkeypatch):
    flag = tmp_path / "killed"

    def kills():
        found = model(4)
        if os.getpid() != parent and not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    parent = os.getpid()
    found = compare({"kills": kills, "large": large}, (X, Y), executor="local", **ASKED)
    assert flag.exists()
    assert [run.status for run in found.runs] == ["done", "done"]
    assert sum(run.tries for run in found.runs) >= 1
