"""The bounds themselves: what the engine may hold, and how much goes to the browser at once."""

import itertools
import json
import random
import string

import pytest
from test_draw_dot import make_call, make_graph

from keraslab.draw import Picture, _engine, _graph_widget
from keraslab.draw._graph_widget import GraphWidget
from keraslab.graph import Graph

KB, MB = 1000, 2**20


def test_the_engine_is_cleaned_before_it_restarts_and_restarts_below_150_mb() -> None:
    assert 0 < _engine.HEAP_BEFORE_CLEANING < _engine.MEMORY_BEFORE_RESTART
    # Loaded, and with what one drawing takes, it holds some 60 MB beside what is measured.
    assert _engine.MEMORY_BEFORE_RESTART <= 90 * MB
    assert _engine.MEMORY_LIMIT <= 512 * MB
    assert 0 < _engine.TIME_LIMIT <= 10
    assert 0 < _engine.DRAWINGS_BEFORE_RESTART <= 1000


def test_a_message_takes_200_kb_at_most() -> None:
    assert _graph_widget.MESSAGE_LIMIT <= 200 * KB


def chain(count: int) -> Graph:
    """Calls in a row; their names have nothing in common, so that packing saves little."""
    draw = random.Random(0)
    names = ["".join(draw.choices(string.ascii_letters, k=60)) for _ in range(count)]
    calls = [make_call(name, "InputLayer" if not n else "Dense") for n, name in enumerate(names)]
    return make_graph(calls, [(a, b, 0) for a, b in itertools.pairwise(names)])


@pytest.fixture(scope="module")
def huge() -> Graph:
    return chain(10_000)


def test_ten_thousand_calls_are_a_sentence_and_the_first_rows(huge: Graph) -> None:
    widget = GraphWidget(huge)
    assert widget.status["kind"] == "failed"
    # Too large for the engine, or too slow on a machine that has much else to do.
    assert widget.status["message"].startswith("The picture ")
    assert huge.calls[1].name in widget.status["table"]
    assert huge.calls[-1].name not in widget.status["table"]
    shown = widget.status["table"].count("<tr>") - 1
    assert f"and {len(huge.calls) - shown:,} more calls" in widget.status["table"]
    assert shown > 30
    assert len(json.dumps(widget.status)) <= 200 * KB
    bundle = Picture(huge)._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert "The picture " in bundle["text/html"]
    assert len(bundle["text/html"]) <= 1100 * KB
