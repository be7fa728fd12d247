import pytest

from keraslab.train._pace import Pace
from keraslab.train._progress import Progress, duration, note


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize("cost", [0.0005, 0.01, 0.3])
def test_redraws_keep_within_their_share(cost):
    clock = Clock()
    pace = Pace(0.02, clock=clock, work=clock)
    redraws = 0
    for _ in range(100_000):
        clock.now += 0.001  # a batch
        if pace.due():
            with pace.redraw():
                clock.now += cost
            redraws += 1
    total = clock.now - 100
    assert pace.spent == pytest.approx(redraws * cost)
    assert pace.spent <= 0.02 * total + cost
    assert redraws <= total / 0.1 + 1
    assert redraws >= min(total / 0.12, 0.8 * 0.02 * total / cost)


def test_a_redraw_that_fails_is_paid_for_too():
    clock = Clock()
    pace = Pace(0.1, clock=clock, work=clock)

    def fail():
        clock.now += 1
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"), pace.redraw():
        fail()
    assert not pace.due()
    clock.now += 9.1
    assert pace.due()


@pytest.mark.parametrize("share", [0, -1, 1.5, float("nan")])
def test_a_share_outside_0_to_1_is_refused(share):
    with pytest.raises(ValueError, match=r"budget=.*Received"):
        Pace(share)


def _run(progress, clock, epochs, steps, batch=0.1, validation=1.0, first=5.0):
    for epoch in epochs:
        progress.begin_epoch(epoch)
        for index in range(steps):
            clock.now += first if progress.batches == 0 else batch
            progress.end_batch(index)
        progress.begin_validation()
        clock.now += validation
        progress.end_epoch()


def test_time_left_counts_validation_but_not_the_first_batch():
    clock = Clock()
    progress = Progress(clock)
    progress.begin(11, 10)
    assert progress.text() == "Preparing the first batch …"
    _run(progress, clock, range(5), 11)
    # 54 batches of 0.1 s and 5 validations of 1 s after the first batch: 55 batches are left.
    assert progress.left == pytest.approx((54 * 0.1 + 5) / 54 * 55)
    assert progress.fraction == pytest.approx(0.5)
    assert progress.rate == pytest.approx(10)


def test_without_a_known_length_there_is_no_time_left():
    clock = Clock()
    progress = Progress(clock)
    progress.begin(None, 3)
    progress.begin_epoch(0)
    progress.end_batch(0)
    clock.now += 1
    progress.end_batch(1)
    assert progress.left is None
    assert progress.fraction is None
    assert progress.text() == "Epoch 1 of 3 · batch 2 · 1.0 batches/s"


@pytest.mark.parametrize(
    ("how", "start"),
    [
        ("done", "Stopped in epoch 2 of 4, batch 3 of 9, after"),
        ("interrupted", "Interrupted in epoch 2 of 4, after"),
        ("failed", "Stopped by an error in epoch 2 of 4, after"),
        ("cut", "Ended early in epoch 2 of 4, after"),
    ],
)
def test_an_early_end_is_said(how, start):
    clock = Clock()
    progress = Progress(clock)
    progress.begin(9, 4)
    _run(progress, clock, [0], 9)
    progress.begin_epoch(1)
    for batch in range(3):
        progress.end_batch(batch)
    progress.end(how)
    assert progress.text().startswith(start)
    took = progress.seconds
    clock.now += 60
    assert progress.seconds == took


def test_several_batches_in_one_execution_count_in_full():
    clock = Clock()
    progress = Progress(clock)
    progress.begin(8, 1)
    progress.begin_epoch(0)
    progress.end_batch(3)
    progress.end_batch(7)
    assert progress.batches == 8


def test_stopped_between_epochs():
    clock = Clock()
    progress = Progress(clock)
    progress.begin(3, 9)
    _run(progress, clock, [0, 1], 3)
    progress.end("done")
    assert progress.text().startswith("Stopped after 2 epochs of 9, ")
    assert progress.fraction == 1.0


def test_words():
    assert [duration(s) for s in (0, 9.96, 59.4, 59.6, 7200)] == [
        "0.0 s",
        "10 s",
        "59 s",
        "1:00 min",
        "2:00 h",
    ]
    assert note({}) == ""
    said = note({"loss": (1, 0), "a": (1, 0), "b": (1, 0), "c": (1, 0)})
    assert said == "loss is not a number since epoch 1; so are a, b and 1 more. " + (
        "The curves have gaps there."
    )
