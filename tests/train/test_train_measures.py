"""What a prediction takes, and how much memory a process held."""

import mmap
import sys

import numpy as np
import pytest

from keraslab.train import _measures
from keraslab.train._measures import PeakMemory, latency, one_of


class Predicts:
    """Takes the given times, one after the other, on a clock of its own."""

    def __init__(self, *takes):
        self.takes, self.now, self.asked = list(takes), 0.0, []

    def predict_on_batch(self, example):
        self.asked.append(example)
        self.now += self.takes.pop(0) if len(self.takes) > 1 else self.takes[0]


@pytest.fixture
def measured(monkeypatch):
    def measured(model, **given):
        monkeypatch.setattr(_measures, "perf_counter", lambda: model.now)
        return latency(model, "example", **given)

    return measured


def test_the_latency_is_the_median_without_the_first_which_is_traced(measured):
    model = Predicts(99.0, 1.0, 40.0, 3.0, 2.0, 4.0)
    assert measured(model, times=5, seconds=1000) == 3.0
    assert model.asked == ["example"] * 6


def test_a_slow_model_is_asked_three_times(measured):
    model = Predicts(7.0)
    assert measured(model) == 7.0
    assert len(model.asked) == 1 + 3


def test_a_model_that_cannot_predict_has_none(measured):
    class Broken(Predicts):
        def predict_on_batch(self, example):
            raise NotImplementedError

    assert measured(Broken(1.0)) is None


def test_one_example_of_any_structure():
    x = np.arange(12).reshape(4, 3)
    found = one_of({"a": x, "b": [x, x[::-1]]})
    assert found["a"].tolist() == [[0, 1, 2]]
    assert [each.shape for each in found["b"]] == [(1, 3), (1, 3)]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only the process' own peak is known")
def test_the_peak_is_of_this_run_alone():
    first = PeakMemory()
    before = first.bytes()
    if before is None:
        pytest.skip("this system does not let the peak be forgotten")
    held = mmap.mmap(-1, 200_000_000)  # goes back to the system at once, as NumPy's may not
    for page in range(0, len(held), 4096):
        held[page] = 1
    peak = first.bytes()
    assert peak - before > 150_000_000
    held.close()
    assert first.bytes() >= peak - 1_000_000, "it is the most, not what is held now"
    assert PeakMemory().bytes() < peak - 100_000_000


def test_where_a_peak_cannot_be_forgotten_only_the_first_run_has_one(monkeypatch):
    monkeypatch.setattr(_measures, "_forget_peak", lambda: False)
    monkeypatch.setattr(_measures, "_trained", 0)
    assert PeakMemory().bytes() > 10_000_000
    assert PeakMemory().bytes() is None
