"""What a comparison says that it held equal, and what it could not."""

from types import SimpleNamespace

import pytest

from keraslab.train._held_equal import budget_said, noticed, planned
from keraslab.train._plan import Variant
from keraslab.train._task import Budget

ONE = Variant("one", params=100, macs=1000, loss="mse", optimizer="adam")
TWO = Variant("two", params=100, macs=3000, loss="mse", optimizer="adam")
OTHER = Variant("other", params=None, macs=None, loss="mae", optimizer="sgd")


def said(*variants, seeds=(0, 1, 2), budget=None, fit=None, arrays=True, at_once=1):
    return planned(
        list(variants),
        list(seeds),
        budget or Budget(epochs=3),
        {"batch_size": 32} if fit is None else fit,
        ["The same data for every run."],
        arrays=arrays,
        workers="local",
        at_once=at_once,
    )


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (Budget(epochs=1), "1 epoch a run"),
        (Budget(epochs=20), "20 epochs a run"),
        (Budget(macs=12_000), "12,000 multiply-accumulates forward a run, to the batch"),
        (Budget(seconds=2.5), "2.5 seconds of training a run, to the batch"),
    ],
)
def test_each_budget_is_said(budget, words):
    assert budget_said(budget).startswith(f"The same budget: {words}")
    assert said(ONE, budget=budget)[:2] == [budget_said(budget), "The same data for every run."]


def test_what_is_the_same_and_what_is_not():
    same = said(ONE, TWO)
    assert "The same loss." in same
    assert "The same optimizer with all its settings." in same
    assert "The same number of parameters: 100." in same
    assert "Not held equal: multiply-accumulates an example, 1,000 to 3,000 (3 times)." in same
    other = said(ONE, OTHER)
    assert "Not held equal: the loss." in other
    assert "Not held equal: the optimizer with all its settings." in other
    assert "Not known to be equal: parameters." in other
    near = said(ONE, Variant("near", params=105, macs=1000, loss="mse", optimizer="adam"))
    assert "Not held equal: parameters, 100 to 105 (5.0% apart)." in near


def test_seeds_order_and_settings():
    text = "\n".join(said(ONE, fit={"batch_size": 16, "callbacks": [object()]}))
    assert "3 seeds (0, 1, 2): with one seed the examples come in the same order for all" in text
    assert "initial weights are drawn from it" in text
    assert "The same settings: batch_size=16, callbacks=[object]." in text
    assert "the order of the examples is the dataset's own" in "\n".join(said(ONE, arrays=False))
    assert "1 seed (7)" in "\n".join(said(ONE, seeds=[7]))


def test_runs_beside_each_other_share_what_a_second_is_worth():
    assert not any("share" in sentence for sentence in said(ONE, budget=Budget(seconds=1.0)))
    beside = "\n".join(said(ONE, at_once=4))
    assert "4 runs share the machines at a time (executor: local): seconds and latency" in beside
    assert "what a second is worth" not in beside
    beside = "\n".join(said(ONE, at_once=4, budget=Budget(seconds=1.0)))
    assert "Not held equal: what a second is worth" in beside


def ended(threads=1, host="here", status="done"):
    return SimpleNamespace(threads=threads, host=host, status=status)


def test_threads_and_machines_are_those_that_the_runs_had():
    assert noticed([ended(status="failed")]) == []
    assert noticed([ended(), ended()]) == ["The same number of threads: 1 for every run."]
    (threads,) = noticed([ended(), ended(threads=2), ended(threads=4, status="failed")])
    assert threads.startswith("Not held equal: the number of threads (1, 2).")
    (unknown,) = noticed([ended(threads=None)])
    assert unknown.startswith("Not held equal: the number of threads (unknown).")
    _, machines = noticed([ended(), ended(host="there")])
    assert machines.startswith("Not held equal: the machine (2 of them).")
