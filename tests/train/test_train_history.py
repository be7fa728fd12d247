import numpy as np

from keraslab.train import _history, _sender
from keraslab.train._history import History, Series
from keraslab.train._sender import Sender, for_page, per_line


def _filled(epochs, steps, known=True, **logs):
    history = History()
    history.begin(steps if known else None)
    for epoch in range(epochs):
        history.begin_epoch(epoch)
        for batch in range(steps):
            history.batch(batch, {"loss": float(batch)})
        history.end_epoch(epoch, {"loss": 1.0, "val_loss": 2.0, **logs})
    return history


def _line(history, kind, limit=None):
    (plot,) = history.plots(limit)
    return next(line for line in plot.lines if line.kind == kind)


def test_batches_lie_between_whole_epochs():
    history = _filled(2, 4)
    line = _line(history, "batch")
    assert history.axis == "epoch"
    known = np.isfinite(line.y)
    np.testing.assert_allclose(line.x[known], np.arange(1, 9) / 4)
    # The mean of the epoch so far starts again: one gap between the two epochs.
    assert np.flatnonzero(~known).tolist() == [4]
    assert (np.diff(line.x) > 0).all()
    np.testing.assert_allclose(_line(history, "train").x, [1, 2])
    np.testing.assert_allclose(_line(history, "validation").x, [1, 2])


def test_pieces_join_to_the_whole():
    history = _filled(3, 5)
    series = history.series["batch:loss"]
    whole = history.line(series)
    for cut in range(1, 15):
        pieces = [history.line(series, 0), history.line(series, cut)]
        first = pieces[0].x[: len(whole.x) - len(pieces[1].x)]
        np.testing.assert_array_equal(np.concatenate([first, pieces[1].x]), whole.x)
        assert pieces[1].count == whole.count == 15


def test_batches_are_counted_until_the_first_epoch_tells_how_many():
    history = History()
    history.begin(None)
    history.begin_epoch(0)
    for batch in range(3):
        history.batch(batch, {"loss": 1.0})
    assert history.axis == "batch"
    assert _line(history, "batch").x.tolist() == [1, 2, 3]
    history.end_epoch(0, {"loss": 1.0})
    assert history.axis == "epoch"
    np.testing.assert_allclose(_line(history, "batch").x, [1 / 3, 2 / 3, 1])


def test_a_second_fit_goes_on_where_an_interrupted_one_ended():
    history = _filled(1, 4)
    history.begin_epoch(1)
    history.batch(0, {"loss": 1.0})
    history.begin(2)
    history.begin_epoch(0)
    history.batch(0, {"loss": 1.0})
    history.batch(1, {"loss": 1.0})
    history.end_epoch(0, {"loss": 3.0})
    assert _line(history, "train").x.tolist() == [1.0, 2.25]
    x = _line(history, "batch").x
    assert (np.diff(x) > 0).all()
    np.testing.assert_allclose(x[-2:], [1.75, 2.25])


def test_an_output_may_be_called_val():
    history = History()
    history.begin(1, ["val_age", "size"])
    history.begin_epoch(0)
    logs = {"loss": 1.0, "val_age_loss": 0.5, "size_loss": 0.5}
    history.batch(0, logs)
    history.end_epoch(0, {**logs, **{f"val_{key}": 9.0 for key in logs}})
    assert [plot.title for plot in history.plots()] == ["total loss", "val_age loss", "size loss"]
    for plot in history.plots():
        assert [line.kind for line in plot.lines] == ["batch", "train", "validation"]
        assert plot.lines[2].y.tolist() == [9.0]


def test_not_a_number_is_a_gap_and_is_named_once():
    history = History()
    history.begin(3)
    for epoch in range(2):
        history.begin_epoch(epoch)
        for batch, value in enumerate([1.0, np.inf, np.nan]):
            history.batch(batch, {"loss": value})
        history.end_epoch(epoch, {"loss": np.nan, "val_loss": 1.0})
    assert history.not_a_number == {"loss": (1, 2)}
    assert np.isnan(_line(history, "train").y).all()
    assert np.isnan(_line(history, "batch").y[1:3]).all()


def test_columns_grow_and_what_was_handed_out_stays():
    series = Series("loss", "batch")
    series.add(1, 5.0)
    before = series.since()
    for step in range(1000):
        series.add(step, float(step))
    assert before[1].tolist() == [5.0]
    assert series.since(1)[1].tolist() == list(range(1000))
    assert len(series) == 1001


class Page:
    """What a browser would hold."""

    def __init__(self, history):
        self.history, self.lines, self.pushed = history, {}, 0

    def push(self):
        self.pushed += 1
        self.lines = {
            line.id: [list(line.x), list(line.y), line.count]
            for plot in for_page(self.history)
            for line in plot.lines
        }

    def append(self, lines):
        for name, (start, line) in lines.items():
            held = self.lines[name]
            assert held[2] == start
            held[0] += list(line.x)
            held[1] += list(line.y)
            held[2] = line.count


def test_the_page_holds_what_was_recorded_and_never_too_much():
    history = History()
    page = Page(history)
    sender = Sender(history, page)
    history.begin(700)
    largest = 0
    for epoch in range(12):
        history.begin_epoch(epoch)
        for batch in range(700):
            history.batch(batch, {"loss": np.sin(batch)})
            if batch % 7 == 0:
                sender.send()
                largest = max(largest, *(len(held[0]) for held in page.lines.values()))
        history.end_epoch(epoch, {"loss": 0.0})
    sender.send()
    assert {name: held[2] for name, held in page.lines.items()} == {
        "batch:loss": 8400,
        "train:loss": 12,
    }
    for held in page.lines.values():
        assert (np.diff(held[0]) > 0).all()
    assert largest <= per_line(2) + 20
    assert page.pushed < 40  # of 1200 messages


def test_an_epoch_that_nobody_said_had_begun():
    history = History()
    for epoch in range(3):
        history.end_epoch(epoch, {"loss": 3.0 - epoch})
    assert history.history == {"loss": [3.0, 2.0, 1.0]}
    assert history.epochs == [0, 1, 2]


def test_a_long_line_takes_no_more_memory_and_loses_no_spike(monkeypatch):
    monkeypatch.setattr(_history, "HELD", 256)
    series = Series("loss", "batch")
    for step in range(10_000):
        series.add(step, 99.0 if step == 1234 else np.nan if step == 777 else step % 7)
    steps, values, count = series.cut()
    assert len(series) == count == 10_000
    assert len(steps) <= 256
    assert (np.diff(steps) > 0).all()
    assert steps[values == 99.0].tolist() == [1234]
    assert steps[np.isnan(values)].tolist() == [777]
    # Early and late parts are held in like detail.
    halves = [(steps < 5000).sum(), (steps >= 5000).sum()]
    assert min(halves) * 4 > max(halves)
    assert (series.low, series.high) == (0, 99)
    assert series.since(9_999)[0].tolist() == [9999]


def test_the_page_follows_a_line_that_is_thinned(monkeypatch):
    monkeypatch.setattr(_history, "HELD", 512)
    monkeypatch.setattr(_sender, "LIMIT", 200)
    history = History()
    page = Page(history)
    sender = Sender(history, page)
    history.begin(10_000)
    history.begin_epoch(0)
    for batch in range(10_000):
        history.batch(batch, {"loss": np.sin(batch)})
        if batch % 7 == 0:
            sender.send()
    sender.send()
    x, _, count = page.lines["batch:loss"]
    assert count == 10_000
    assert len(x) <= 220
    assert (np.diff(x) > 0).all()


def test_a_learning_rate_is_shown_where_it_changes():
    history = History()
    page = Page(history)
    sender = Sender(history, page)
    history.begin(1)
    for epoch, rate in enumerate([0.1, 0.1, 0.05]):
        history.begin_epoch(epoch)
        history.batch(0, {"loss": 1.0})
        history.end_epoch(epoch, {"loss": 1.0}, learning_rate=rate)
        sender.send()
        assert ("value:learning_rate" in page.lines) == (rate == 0.05)
    plot = history.plots()[-1]
    assert (plot.title, plot.output, plot.is_loss) == ("learning rate", "", True)
    assert plot.lines[0].y.tolist() == [0.1, 0.1, 0.05]


def test_a_learning_rate_in_the_logs_is_the_same_line():
    history = History()
    for epoch, rate in enumerate([0.1, 0.05]):
        history.end_epoch(epoch, {"loss": 1.0, "learning_rate": rate}, learning_rate=rate)
    assert [plot.title for plot in history.plots()] == ["loss", "learning rate"]
    assert [line.y.tolist() for line in history.plots()[1].lines] == [[0.1, 0.05]]
    assert history.history["learning_rate"] == [0.1, 0.05]


def test_what_belongs_to_steps_comes_after_the_outputs():
    history = History()
    history.begin(1, ["a", "b"])
    history.begin_epoch(0)
    history.batch(0, {"loss": 1.0, "a_loss": 0.5, "b_loss": 0.5})
    history.value("update_norm", 0.1)
    found = [(plot.output, plot.title) for plot in history.plots()]
    assert found[0] == ("total", "total loss")
    assert found[-1] == ("steps", "update norm")
