import math

import pytest

from keraslab.draw._curves_picture import Mark
from keraslab.train import LiveCurves
from keraslab.train._history import History
from keraslab.train._marks import read


def _record(train, validation=None, name="loss"):
    record = History()
    for epoch, value in enumerate(train):
        logs = {name: value}
        if validation is not None and not math.isnan(validation[epoch]):
            logs[f"val_{name}"] = validation[epoch]
        record.end_epoch(epoch, logs)
    return record


def test_nothing_is_said_of_nothing():
    assert read(History()).sentences == ()
    assert read(_record([math.nan], [math.nan])).sentences == ()


def test_the_best_epoch_is_the_lowest_validation_loss():
    reading = read(_record([3.0, 2.0, 1.0], [3.0, 1.5, 1.6]))
    assert reading.sentences[0] == ("Best epoch: 2 of 3, with the lowest validation loss, 1.5.")
    assert reading.marks["loss"][0] == Mark("best", x=2.0, y=1.5, label="best epoch")


def test_without_validation_it_says_what_cannot_be_seen():
    first, second = read(_record([3.0, 2.0])).sentences
    assert "lowest training loss, 2." in first
    assert second.startswith("Without validation data")


def test_stopped_in_its_first_epoch_it_does_not_ask_for_validation():
    record = History()
    record.begin(10)
    record.begin_epoch(0)
    for step in range(4):
        record.batch(step, {"loss": 1.0})
    record.end_epoch(0, {"loss": 1.0})
    (only,) = read(record).sentences
    assert only.startswith("Best epoch: 1 of 1")


@pytest.mark.parametrize(
    ("train", "validation", "start", "marked"),
    [
        ([3.0, 2.0, 1.0], [3.0, 2.0, 2.5], "Overfitting since epoch 2: the training loss", True),
        ([3.0, 2.0, 1.0], [3.0, 2.0, 2.01], "Overfit gap: the validation loss is 1.01 above", True),
        ([3.0, 2.0, 1.0], [3.0, 2.0, 1.05], "No overfitting to be seen: the validation", False),
        (
            [3.0, 2.0, 1.0],
            [2.0, 1.0, 0.5],
            "No overfitting to be seen: the validation loss is 0.5 below",
            False,
        ),
    ],
)
def test_the_gap_is_judged(train, validation, start, marked):
    reading = read(_record(train, validation))
    assert reading.sentences[1].startswith(start)
    gaps = [mark for mark in reading.marks["loss"] if mark.kind == "gap"]
    assert [(gap.x, gap.y, gap.to) for gap in gaps] == [(3.0, 1.0, validation[-1])] * marked


def test_a_validation_now_and_then_gives_no_gap():
    reading = read(_record([3.0, 2.0, 1.0], [math.nan, 2.5, math.nan]))
    assert len(reading.sentences) == 1


@pytest.mark.parametrize(
    ("values", "level", "said"),
    [
        ([0.5, 0.8, 0.9], 0.75, "first beaten in epoch 2; the best validation value is 0.9."),
        (
            [0.5, 0.6, 0.55],
            0.75,
            "not beaten so far; the best validation value is 0.6, in epoch 2.",
        ),
    ],
)
def test_a_baseline_is_beaten_or_not(values, level, said):
    reading = read(_record(values, values, "accuracy"), {"accuracy": level})
    assert reading.sentences[-1].endswith(said)
    assert reading.marks["accuracy"] == [Mark("baseline", y=level, label="baseline")]


def test_a_loss_beats_a_baseline_from_above():
    said = read(_record([3.0, 1.0]), {"loss": 2.0}).sentences[-1]
    assert said == ("Baseline: loss 2, first beaten in epoch 2; the best training value is 1.")


def test_a_baseline_of_a_name_that_nobody_logs_is_said():
    assert read(History(), {"acc": 0.5}).sentences == ("Baseline: acc 0.5.",)
    said = read(_record([3.0]), {"acc": 0.5}).sentences[-1]
    assert said.endswith("Nothing of this name is logged; there is loss.")


@pytest.mark.parametrize(
    ("baseline", "error", "said"),
    [
        (0.9, TypeError, r"baseline=.*'accuracy': 0.9.*Received: 0.9"),
        ({"loss": "low"}, TypeError, r"baseline=.*'loss'.*Received: 'low'"),
        ({"loss": math.nan}, ValueError, r"baseline=.*finite.*Received: nan"),
    ],
)
def test_wrong_baselines_are_refused(baseline, error, said):
    with pytest.raises(error, match=said):
        LiveCurves(baseline=baseline)
