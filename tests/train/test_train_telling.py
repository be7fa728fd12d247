"""What a run counts, tells and ends for, on a clock of its own."""

import math
import random
from types import SimpleNamespace

import numpy as np
import pytest
from working import task

from keraslab.train import _telling
from keraslab.train._task import Budget
from keraslab.train._telling import Telling

BATCH, TEST = 2.0, 5.0
"""Seconds that a batch takes, and a validation."""


class Heard:
    """A channel that keeps what it is told."""

    def __init__(self):
        self.told, self.stopping = [], False

    def send(self, message):
        self.told.append(message)


@pytest.fixture
def clock(monkeypatch):
    found = SimpleNamespace(now=100.0)
    monkeypatch.setattr(_telling, "perf_counter", lambda: found.now)
    return found


def telling(budget, *, macs=10, epochs=3, size=4):
    heard = Heard()
    found = Telling(task(budget=budget), heard, lambda batch: size - batch, macs, epochs)
    found.set_params({"steps": 4})
    found.set_model(SimpleNamespace(stop_training=False))
    return found, heard


def train(found, clock, *, epochs=3, loss=1.0, validates=True):
    """As Keras does, until it is told to stop; how many batches it came to."""
    count = 0
    for epoch in range(epochs):
        found.on_epoch_begin(epoch)
        for batch in range(4):
            clock.now += BATCH
            count += 1
            found.on_train_batch_end(batch, {"loss": loss})
            if found.model.stop_training:
                break
        if validates:
            found.on_test_begin()
            clock.now += TEST
            found.on_test_batch_end(0)
            found.on_test_end()
        found.on_epoch_end(epoch, {"loss": loss, "val_loss": 2.0})
        if found.model.stop_training:
            break
    found.on_train_end()
    return count


def test_neither_the_first_batch_nor_validation_is_training(clock):
    found, _ = telling(Budget(epochs=3))
    train(found, clock)
    assert found.seconds == 11 * BATCH
    assert found.times == [13, 26, 39], "these are of the clock on the wall"
    assert found.along == [1, 2, 3]
    assert found.spent == 3 * 10 * (4 + 3 + 2 + 1)
    assert found.history == [{"loss": 1.0, "val_loss": 2.0}] * 3
    clock.now += 50
    assert found.seconds == 11 * BATCH, "its clock stands"


def test_each_epoch_begins_with_random_numbers_of_its_own(clock):
    def drawn(seed, epoch):
        random.random()  # whatever was drawn before
        np.random.random(3)
        Telling(task(seed=seed), Heard(), len, 1, 3).on_epoch_begin(epoch)
        return random.random(), float(np.random.random())

    asked = [(0, 0), (0, 1), (1, 0)]
    first = [drawn(*each) for each in asked]
    assert first == [drawn(*each) for each in asked]
    assert len({number for pair in first for number in pair}) == 6


def test_seconds_end_it_to_the_batch(clock):
    found, _ = telling(Budget(seconds=9.0))
    assert train(found, clock) == 1 + 5, "the first is not counted"
    assert found.seconds == 10
    assert found.along == [6, 10]


def test_multiply_accumulates_end_it_to_the_batch(clock):
    found, _ = telling(Budget(macs=130))
    assert train(found, clock) == 5
    assert found.along == [100, 140]
    assert found.part(1, 1) == 1.0


@pytest.mark.parametrize(
    ("budget", "parts"),
    [
        (Budget(epochs=3), [1 / 3, 2 / 3, 1]),
        (Budget(macs=200), [0.5, 1]),
        (Budget(seconds=20.0), [6 / 20, 14 / 20, 1]),
    ],
)
def test_how_much_is_spent_is_told_with_each_epoch(clock, budget, parts):
    found, heard = telling(budget)
    train(found, clock)
    told = [each for each in heard.told if each.kind == "epoch"]
    assert [each.part for each in told] == pytest.approx(parts)
    assert [each.epoch for each in told] == [1, 2, 3][: len(parts)]
    assert [each.along for each in told] == found.along
    assert [each.seconds for each in told] == found.times, "live and in the end the same"
    assert told[0].values == {"loss": 1.0, "val_loss": 2.0}


def test_within_an_epoch_it_tells_a_few_times_a_second(clock, monkeypatch):
    found, heard = telling(Budget(epochs=3))
    monkeypatch.setattr(_telling, "PACE", 2 * BATCH)
    train(found, clock, validates=False)
    told = [each for each in heard.told if each.kind == "progress"]
    # Every second batch, and not again where an epoch has just been told.
    assert [each.part for each in told] == pytest.approx(
        [2 / 12, 4 / 12, 6 / 12, 8 / 12, 10 / 12, 1]
    )


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_it_and_is_said(clock, loss):
    found, _ = telling(Budget(epochs=3))
    assert train(found, clock, loss=loss, validates=False) == 1
    assert found.diverged.startswith(
        f"The loss became {loss} in epoch 1, batch 1, and the training"
    )
    assert len(found.history) == 1, "what there is stays"


def test_a_stop_ends_it_after_the_batch_and_a_validation_too(clock):
    found, heard = telling(Budget(epochs=3))
    found.on_epoch_begin(0)
    found.on_train_batch_end(0, {"loss": 1.0})
    assert not found.model.stop_training
    heard.stopping = True
    found.on_train_batch_end(1, {"loss": 1.0})
    assert found.stopped
    assert found.model.stop_training
    found.on_epoch_end(0, {"loss": 1.0})
    assert found.history == [], "of a part of an epoch"
    other, heard = telling(Budget(epochs=3))
    other.on_epoch_begin(0)
    heard.stopping = True
    other.on_test_begin()
    other.on_test_batch_end(0)
    assert other.stopped
    assert other.model.stop_evaluating
