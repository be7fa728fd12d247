"""What a probe measured, as the colours and texts of the boxes of a graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from keraslab.debug._probe_text import number, percent

if TYPE_CHECKING:
    from keraslab.debug._probe import Probe
    from keraslab.debug._probe_rows import ProbeRow
    from keraslab.graph import Graph

What = Literal["gradient", "spread", "dead", "saturated"]
KINDS: tuple[str, ...] = get_args(What)
_STOPS = 5
Pair = list[float | str | None]


class _Kind(NamedTuple):
    """One thing to show."""

    title: str
    note: str
    value: Callable[[ProbeRow], float | None]
    nothing: str
    """What a value of 0 means, said in the legend and in the box."""
    decades: int
    """How many powers of ten the colours span at least; 0 for shares, on an even scale."""
    without: str = ""
    """What a call without this value lacks; empty where it was not measured."""


# The least span matters: over their own range alone, gradients that hardly differ would look
# as if they faded.
_OF: dict[str, _Kind] = {
    "gradient": _Kind(
        "Gradient",
        "norm of the gradient of one sample's loss for what a call gives, on a logarithmic scale",
        lambda row: row.gradient,
        "no gradient",
        6,
    ),
    "spread": _Kind(
        "Spread",
        "standard deviation of what a call gives, on a logarithmic scale",
        lambda row: row.std,
        "no spread",
        4,
    ),
    "dead": _Kind(
        "Dead units",
        "share of the units of a ReLU that are 0 for every sample",
        lambda row: row.dead_share,
        "no dead unit",
        0,
        "no ReLU",
    ),
    "saturated": _Kind(
        "Saturation",
        "share of values near the ends of sigmoid or tanh, and of rows of a softmax that one "
        "entry takes",
        lambda row: row.saturated,
        "none saturated",
        0,
        "nothing to saturate",
    ),
}


_MOST_OPEN = 80
"""Calls up to which every group is drawn open: how a number changes on its way is what counts."""


def opening_of(graph: Graph, wanted: Iterable[str] | None) -> Iterable[str] | None:
    """Which groups a picture of measured values draws open.

    Args:
        graph: The graph.
        wanted: What a person asks for; None leaves it open.
    """
    small = len(graph.calls) <= _MOST_OPEN
    return frozenset(graph.group_by_id) if wanted is None and small else wanted


def values_of(probe: Probe, what: str) -> dict[str, Any]:
    """What a picture in this look takes as ``values``.

    Args:
        probe: What was measured.
        what: One of ``KINDS``.

    Raises:
        ValueError: It is none of them, or gradients were not taken.
    """
    if what not in _OF:
        raise ValueError(f"what must be one of {', '.join(map(repr, KINDS))}. Received: {what!r}.")
    if what == "gradient" and probe.loss is None:
        raise ValueError(
            f"what='gradient': this probe has none ({'; '.join(probe.notes)}). "
            "Ask for what='spread'."
        )
    kind = _OF[what]
    found = {row.call: value for row in probe.rows if (value := kind.value(row)) is not None}
    finite = [value for value in found.values() if math.isfinite(value)]
    place, marks = _logarithmic(finite, kind.decades) if kind.decades else (_as_it_is, _SHARES)
    write = number if kind.decades else percent
    stops: list[Pair] = [[place(mark), write(mark)] for mark in marks]
    if any(not value for value in found.values()):
        stops.insert(0, [None, kind.nothing])
    return {
        "title": kind.title,
        "note": _note(probe, what, kind.note),
        "calls": {call: _written(value, place, write, what) for call, value in found.items()},
        "stops": stops,
        "without": kind.without,
    }


_SHARES = [0.01, 0.25, 0.5, 1.0]


def _as_it_is(value: float) -> float:
    return value


def _logarithmic(
    finite: Sequence[float], decades: int
) -> tuple[Callable[[float], float], list[float]]:
    """Where a value stands between the ends of the scale, and the values for the legend."""
    above = [value for value in finite if value > 0]
    if not above:
        return (lambda _value: 1.0), []
    top = math.ceil(math.log10(max(above)))
    foot = min(math.floor(math.log10(min(above))), top - decades)

    def place(value: float) -> float:
        if math.isinf(value) or math.isnan(value):
            return 1.0
        return min(1.0, max(0.0, (math.log10(value) - foot) / (top - foot)))

    powers = {round(foot + n * (top - foot) / (_STOPS - 1)) for n in range(_STOPS)}
    return place, [10.0**power for power in sorted(powers)]


def _written(
    value: float, place: Callable[[float], float], write: Callable[[float], str], what: str
) -> Pair:
    kind = _OF[what]
    if value == 0:
        return [None, kind.nothing]
    word = "std" if what == "spread" else what
    return [place(value), f"{word} {write(value)}"]


def _note(probe: Probe, what: str, note: str) -> str:
    if what != "gradient" or probe.fade is None:
        return note
    return f"{note}; at the first layer with weights it is {number(probe.fade)} times the last's"
