"""The panel of a comparison: what it tells the page, and what it leaves."""

import json
import re
import time
from itertools import combinations
from types import SimpleNamespace

import keras
import pytest
from staged_comparison import EVIL, LEVELS, comparison, fail, half, train, whole

from keraslab.debug import diagnose
from keraslab.draw._comparison_curves import band, first_value
from keraslab.draw._comparison_picture import figure
from keraslab.draw._variant_looks import variant_look
from keraslab.graph._summary import size_text
from keraslab.panels import _comparison
from keraslab.panels._comparison import ComparisonPanel
from keraslab.panels._comparison_html import picture_of, still
from keraslab.panels._comparison_state import curves_of, run_said


@pytest.fixture(scope="module")
def finding():
    with pytest.raises(ValueError, match="shape") as caught:
        keras.layers.Add()([keras.Input((3,), name="three"), keras.Input((4,), name="four")])
    return diagnose(caught.value)


@pytest.fixture
def places(monkeypatch):
    """A notebook's cell number 3, and what was shown below it."""
    shown = []

    class Place:
        def __init__(self, widget, left):
            self.widget, self.left = [widget], []
            shown.append(self)

        def replace(self, html, others):
            self.html, self.others = html, others

        def leave(self):
            self.left.append(True)

    here = SimpleNamespace(execution_count=3)
    monkeypatch.setattr(_comparison, "Place", Place)
    monkeypatch.setattr(_comparison, "shell", lambda: here)
    return SimpleNamespace(here=here, shown=shown)


# What is drawn


def test_a_band_counts_the_seeds_that_came_so_far_and_leaves_gaps_where_none_did():
    nan = float("nan")
    found = band(1, [{"loss": [3, 2, nan, 1]}, {"loss": [1, 4, nan]}, {"other": [9]}], "loss")
    assert found.variant == 1
    assert found.x.tolist() == [1, 2, 3, 4]
    assert found.mean[[0, 1, 3]].tolist() == [2, 3, 1]
    assert (found.low[[0, 1, 3]].tolist(), found.high[[0, 1, 3]].tolist()) == ([1, 2, 1], [3, 4, 1])
    assert all(line[2] != line[2] for line in (found.mean, found.low, found.high))
    assert band(0, [{}], "loss") is None


def test_seeds_that_end_their_epochs_at_other_times_meet_between_them():
    nan = float("nan")
    slow, fast = {"loss": [8.0, 4.0]}, {"loss": [6.0, 2.0, nan, 1.0, 0.0]}
    found = band(0, [slow, fast, {"other": [1.0]}], "loss", along=[[4, 8], [2, 4, 6, 8, 8.5], [3]])
    assert found.x.tolist() == [2, 4, 6, 8, 8.5]
    assert found.high.tolist() == [8, 8, 6, 4, 4], "a run counts for half an epoch around its own"
    assert found.low.tolist() == [6, 2, 6, 1, 0], "a gap stays one"
    late = band(0, [slow, {"loss": [6.0, 2.0, 1.0]}], "loss", along=[[4, 8], [2, 4, 20]])
    assert (late.low[-1], late.high[-1]) == (1, 1), "no run goes on where it has ended"
    behind = band(0, [{"loss": [3.0, 2.0, 1.0]}], "loss", along=[[5, 9]])
    assert (behind.x.tolist(), behind.mean.tolist()) == ([5, 9], [3, 2])
    assert band(0, [slow], "loss", along=[[]]) is None, "kept from before this was noted"


@pytest.mark.parametrize(
    ("budget", "said"), [("macs", "MACs spent, forward"), ("seconds", "seconds of training")]
)
def test_curves_are_drawn_along_what_was_held_equal(budget, said):
    found = whole(comparison(budget=budget))
    drawn = figure(found)
    for axes in drawn.axes[:2]:
        assert axes.get_xlabel() == said
        assert axes.lines[0].get_xdata()[-1] == 12 * 16e6
    drawn.canvas.draw()
    ticks = [tick.get_text() for tick in drawn.axes[0].get_xticklabels()]
    assert any(text.endswith(" M") for text in ticks) == (budget == "macs")
    assert ComparisonPanel(found).state()["axis"] == said
    (first, *_), _ = curves_of(found)["accuracy"]
    assert first.x[[0, -1]].tolist() == [16e6, 12 * 16e6]
    by_epochs = figure(whole(comparison()))
    assert by_epochs.axes[0].get_xlabel() == "epoch"
    assert by_epochs.axes[0].lines[0].get_xdata()[-1] == 12


def test_long_curves_are_thinned_and_keep_their_ends():
    found = band(0, [{"loss": list(range(5000))}], "loss", most=100)
    assert len(found.x) == 100
    assert (found.x[0], found.x[-1], found.mean[-1]) == (1, 5000, 4999)


def test_the_curves_of_many_variants_fit_into_a_page():
    found = comparison(tuple(f"v{n}" for n in range(40)), seeds=1)
    for run in found.runs:
        run.history = {"loss": [1.0] * 1000, "val_loss": [1.0] * 1000}
    bands = [each for sides in curves_of(found).values() for side in sides for each in side]
    assert len(bands) == 80
    assert sum(len(each.x) for each in bands) <= 12_000


def test_the_curves_shown_first_are_those_of_the_score():
    assert first_value(["loss", "accuracy"], "accuracy") == "accuracy"
    assert first_value(["loss", "mae"], "auc") == "loss"
    assert first_value([], None) == "loss"


def test_looks_differ_in_more_than_colour_and_can_be_seen_on_their_ground():
    looks = [variant_look(number) for number in range(280)]
    assert len({(look.light, look.dash, look.shape) for look in looks}) == 280
    first = looks[:7]
    assert all(a.shape != b.shape for a, b in combinations(first, 2))
    for look in looks[:8]:
        assert contrast(look.light, "#ffffff") >= 3
        assert contrast(look.dark, "#111111") >= 4.5


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(k * p for k, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_figure_has_bands_points_and_one_legend():
    drawn = figure(whole(comparison()))
    training, validation, pareto = drawn.axes
    assert training.get_title(loc="left") == "accuracy, training"
    assert [len(axes.collections) for axes in (training, validation)] == [3, 3]
    assert [text.get_text().strip("\u200b") for text in drawn.legends[0].get_texts()] == [*LEVELS]
    assert "accuracy (higher is better)" in pareto.get_title(loc="left")
    losses = figure(whole(comparison()), "loss", "params")
    assert losses.axes[0].get_title(loc="left") == "loss, training"
    assert losses.axes[2].get_xlabel() == "parameters"


def test_the_figure_says_what_it_can_draw():
    with pytest.raises(ValueError, match=r"macs, params, seconds_per_epoch, latency.*'price'"):
        figure(comparison(), cost="price")
    with pytest.raises(ValueError, match=r"nothing was logged yet.*'auc'"):
        figure(comparison(), "auc")
    assert len(figure(comparison()).axes) == 1, "nothing came yet: only score against cost"


# What the page is told


def test_the_page_is_told_how_each_run_is():
    found = half(comparison())
    found.runs[0].reused = True
    fail(found.runs[-1])
    told = ComparisonPanel(found).state()
    assert [[cell["status"] for cell in row] for row in told["cells"]] == [
        ["reused", "running", "waiting"],
        ["done", "running", "waiting"],
        ["done", "running", "failed"],
    ]
    assert told["running"]
    assert 0 < told["fraction"] < 1
    assert "4 of 9 runs ended" in told["text"]
    assert told["cells"][0][0]["said"].startswith("plain, seed 0: done before, taken from")
    assert told["cells"][1][1]["said"] == "residual, seed 1: running, 58 %, 7 epochs done"
    assert run_said(found.runs[-1], "accuracy") == (
        f"dense, seed 2: failed, ValueError: not a number {EVIL}"
    )
    assert told["note"] == "1 run failed: what is found stands at the end."
    assert told["first"].startswith("So far: With one seed the noise")
    json.dumps(told, allow_nan=False)


def test_what_is_left_is_told_by_a_clock_that_nobody_sets(monkeypatch):
    found = half(comparison())
    assert "left" not in ComparisonPanel(found).state()["text"], "too soon to tell"
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 100)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    told = ComparisonPanel(found).state()
    assert told["fraction"] == pytest.approx((3 + 3 * 7 / 12) / 9)
    assert told["text"].endswith("3 of 9 runs ended, about 1:29 min left")


def test_what_is_known_before_anything_ran_has_its_place():
    told = ComparisonPanel(comparison()).state()
    assert told["first"] == "Nothing yet: no run has ended."
    assert [len(row) for row in told["table"]] == [len(told["columns"])] * 3
    assert told["table"][0][:3] == ["–", "442", "416"]
    assert told["sides"] == ["training", "validation"]
    assert told["estimate"] == ["About 9 s of waiting, 9 s of CPU."]
    assert "commit: 0123abc" in told["provenance"]


def test_scores_costs_and_verdict_follow_the_runs():
    found = whole(comparison())
    told = ComparisonPanel(found).state()
    assert told["first"].startswith("residual is better than")
    assert any(sentence.startswith("Test: a paired t-test") for sentence in told["verdict"])
    assert re.fullmatch(r"0\.9\d+ ± 0\.00\d+", told["table"][1][0])
    heads = [column["label"] for column in told["columns"]]
    cells = dict(zip(heads, told["table"][1], strict=True))
    rows = {row["variant"]: row for row in found.rows()}
    assert cells["memory"] == size_text(rows["residual"]["memory"])
    assert cells["s/epoch"] == f"{0.21 * 1.95:.3g}"
    assert cells["latency"] == f"{2.1 * 1.95:.3g} ms"
    assert (cells["parameters"], cells["MACs"]) == ("1,066", "1,008")
    assert {point["variant"] for point in told["points"]["macs"]["at"]} == {0, 1, 2}
    assert told["points"]["macs"]["front"] == [0, 1], "dense costs more than residual"
    assert "residual" in told["markdown"]
    assert "tabular" in told["latex"]


def test_progress_is_told_within_a_budget_and_the_end_always():
    found = comparison()
    panel = ComparisonPanel(found)
    pushed = []
    panel.widget.push = lambda *names: pushed.append(names)
    for _ in range(200):
        found.runs[0].status = "running"
        found.changed()
    assert 1 <= len(pushed) < 50
    whole(found)
    assert pushed[-1] == ("state", "curves", "failures")


def test_a_panel_that_breaks_does_not_cost_the_training():
    found = comparison()
    panel = ComparisonPanel(found)
    panel.widget.push = lambda *_: 1 / 0
    with pytest.warns(UserWarning, match="ZeroDivisionError: division by zero.*its runs go on"):
        found.changed()
    whole(found)
    assert found.status == "done"


def test_the_page_can_stop_it_and_ask_what_differs():
    found = half(comparison())
    panel = ComparisonPanel(found)
    sent = []
    panel.widget.send = sent.append
    panel._heard({"type": "diff", "a": 0, "b": 1})
    assert (sent[-1]["a"], sent[-1]["b"]) == (0, 1)
    assert "units 16 → 24" in sent[-1]["html"]
    assert sent[-1]["widget"]
    panel._heard({"type": "diff", "a": 1, "b": 1})
    assert sent[-1]["error"] == "Choose two different variants."
    del found.graphs["dense"]
    panel._heard({"type": "diff", "a": 2, "b": 1})
    assert "dense was not built" in sent[-1]["error"]
    for wrong in ({"a": 0}, {"a": -1, "b": 0}, {"a": "0", "b": 1}, {"a": 0, "b": 3}):
        panel._heard({"type": "diff", **wrong})
    assert len(sent) == 3
    panel._heard({"type": "stop"})
    assert found.stopping
    assert panel.state()["stopping"]


# What stays


def test_what_stays_is_whole_without_a_kernel_and_escaped(finding):
    found = comparison(("plain", "residual", EVIL))
    for run in found.runs:
        if run.variant == EVIL:
            fail(run, finding if run.seed_index else None)
            run.error += str(run.seed_index)
        else:
            train(run, 12, LEVELS[run.variant], ended=True)
    found.ended()
    html = still(found, picture_of(found))
    assert "<img src=x" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    for text in ("residual is better than plain.", "paired t-test", "The same budget: 12 epochs"):
        assert text in html
    assert "0123abc" in html
    assert "failed with seeds 0, 1, 2" in html
    assert finding.message.split("'")[0].strip() in html
    assert "units 16 → 24" in html, "the difference of the first two"
    assert "data:image/png;base64," in html
    assert not re.search(r"<script|https?://(?!github\.com/keraslab)", html)


def test_html_takes_the_place_of_the_panel(places):
    found = half(comparison())
    panel = ComparisonPanel(found)
    panel.show()
    (place,) = places.shown
    assert panel.bundle() == {"text/plain": "Comparison, shown above"}
    places.here.execution_count = 4
    live = panel.bundle()
    assert "application/vnd.jupyter.widget-view+json" in live
    assert "text/html" not in live, "the last line of a cell while it runs"
    whole(found)
    assert "kl-still" in place.html
    assert place.others["image/png"].startswith(b"\x89PNG")
    assert place.others["text/plain"].startswith("Comparison of 3 variants: done")
    later = panel.bundle()
    assert "kl-still" in later["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in later


def test_a_picture_that_cannot_be_drawn_costs_neither_the_comparison_nor_the_words(
    places, monkeypatch
):
    found = half(comparison())
    panel = ComparisonPanel(found)
    panel.show()
    monkeypatch.setattr("keraslab.panels._comparison_html.figure", lambda *_: 1 / 0)
    whole(found)
    assert "residual is better" in places.shown[0].html
    assert "image/png" not in places.shown[0].others
    broken = ComparisonPanel(comparison())
    broken.show()
    monkeypatch.setattr(_comparison, "still", lambda *_: 1 / 0)
    broken._comparison.ended()
    assert places.shown[1].left == [True]


def test_a_terminal_gets_text():
    found = whole(comparison())
    panel = ComparisonPanel(found)
    panel.show()
    assert panel.bundle() == {"text/plain": repr(found)}
    assert "residual is better than" in repr(found)


def test_a_comparison_shows_itself_as_its_panel():
    assert isinstance(comparison().panel, ComparisonPanel)
