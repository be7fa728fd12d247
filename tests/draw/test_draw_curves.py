import re
from importlib.resources import files

import numpy as np
import pytest

from keraslab.draw._curves_picture import Line, Plot, figure, image_tag, png
from keraslab.draw._curves_widget import CurvesWidget

DIST = files("keraslab") / "frontend" / "dist"


def _plot(name="loss", title="loss", y=(3.0, 2.0, 1.0)):
    x = np.arange(1.0, len(y) + 1)
    lines = (
        Line(f"batch:{name}", "batch", x, np.array(y), 3),
        Line(f"train:{name}", "train", x, np.array(y) / 2, 3),
        Line(f"validation:{name}", "validation", x, np.full(3, np.nan), 3),
    )
    return Plot(name, title, "", name, lines)


def test_the_widget_is_small_enough_to_be_sent_with_every_instance():
    assert len((DIST / "curves_widget.js").read_bytes()) < 80_000
    assert len((DIST / "curves_widget.css").read_bytes()) < 8_000


def test_a_figure_shows_each_plot_and_leaves_pyplot_alone():
    import matplotlib.pyplot as plt

    drawn = figure([_plot(), _plot("accuracy", "digit $accuracy")], said="3 epochs", note="a gap")
    assert [axes.get_title("left") for axes in drawn.axes] == ["loss", "digit $accuracy"]
    labels = {line.get_label() for line in drawn.axes[0].lines}
    assert labels == {"each batch", "train", "validation"}
    dashes = {line.get_label(): line.get_linestyle() for line in drawn.axes[0].lines}
    assert dashes["validation"] != dashes["train"]
    assert png(drawn).startswith(b"\x89PNG")
    assert plt.get_fignums() == []


@pytest.mark.parametrize("count", [0, 1, 7])
def test_any_number_of_plots_can_be_drawn(count):
    drawn = figure([_plot(f"m{i}", f"m{i}") for i in range(count)], axis="batch")
    assert len(drawn.axes) == count
    assert png(drawn).startswith(b"\x89PNG")


def test_values_over_several_magnitudes_are_drawn_on_a_logarithmic_scale():
    (axes,) = figure([_plot(y=(5000.0, 10.0, 1.0))]).axes
    assert axes.get_yscale() == "log"
    assert axes.get_title("left") == "loss (logarithmic)"


def test_words_beside_a_picture_are_escaped():
    tag = image_tag(b"x", 10, '"><script>')
    assert re.search("<script", tag) is None


def test_the_state_is_what_the_source_says_when_it_is_asked():
    plots, status = [], {"text": "Not started"}
    widget = CurvesWidget(lambda: plots, lambda: status)
    assert widget.get_state()["snapshot"] == {"plots": []}
    plots.append(_plot(title="<b>"))
    status["text"] = "Started"
    state = widget.get_state()
    assert state["status"] == {"text": "Started"}
    (plot,) = state["snapshot"]["plots"]
    assert (plot["title"], plot["loss"]) == ("<b>", True)
    line = plot["lines"][0]
    assert np.frombuffer(line["x"], "<f8").tolist() == [1, 2, 3]
    assert np.frombuffer(line["y"], "<f4").tolist() == [3, 2, 1]


def test_new_points_travel_as_bytes_and_a_page_that_missed_some_may_ask(monkeypatch):
    widget = CurvesWidget(lambda: [_plot()], lambda: {"text": "now"})
    sent, pushed = [], []
    monkeypatch.setattr(widget, "send", lambda content, buffers: sent.append((content, buffers)))
    monkeypatch.setattr(widget, "send_state", pushed.append)
    widget.append({"batch:loss": (7, Line("batch:loss", "batch", np.ones(2), np.ones(2), 9))})
    ((content, buffers),) = sent
    assert content == {
        "type": "append",
        "lines": [{"id": "batch:loss", "from": 7, "to": 9}],
        "status": {"text": "now"},
    }
    assert [len(buffer) for buffer in buffers] == [16, 8]
    widget._handle_custom_msg({"type": "ask"}, [])
    widget._handle_custom_msg({"type": "nonsense"}, [])
    assert pushed == [["snapshot", "status"]]


def test_the_bundle_of_the_widget_holds_a_picture():
    plots = []
    widget = CurvesWidget(lambda: plots, lambda: {"text": "now"})
    data, _ = widget._repr_mimebundle_()
    assert "image/png" not in data
    plots.append(_plot())
    data, _ = widget._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert "application/vnd.jupyter.widget-view+json" in data
