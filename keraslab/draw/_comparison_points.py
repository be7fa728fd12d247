"""What a variant scored and what it costs, for the plot of one against the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

COSTS = {
    "macs": "MACs per example",
    "params": "parameters",
    "seconds_per_epoch": "seconds per epoch",
    "latency": "seconds per prediction",
}
"""What a score can be set against, and how it is called."""


@dataclass(frozen=True)
class Point:
    """One variant in the plot of score against cost."""

    variant: int
    """Its place among the variants, from 0."""
    cost: float
    score: float
    sd: float | None = None
    """None where there is one seed only."""


def points_of(rows: Sequence[Mapping[str, Any]], cost: str) -> list[Point]:
    """The variants that have a score and this cost, in their order.

    Args:
        rows: A row per variant with ``score``, ``sd`` and its costs; None for what is unknown.
        cost: One of ``COSTS``.

    Example:
        >>> points_of([{"score": 0.5, "sd": None, "macs": 10}, {"score": None}], "macs")
        [Point(variant=0, cost=10.0, score=0.5, sd=None)]
    """
    found = []
    for place, row in enumerate(rows):
        score, paid = row.get("score"), row.get(cost)
        if score is not None and paid is not None and isfinite(score) and isfinite(paid):
            found.append(Point(place, float(paid), float(score), row.get("sd")))
    return found


def front(points: Sequence[Point], *, higher_is_better: bool) -> list[int]:
    """The points that no other beats in both cost and score, by rising cost.

    Args:
        points: All points.
        higher_is_better: Whether a high score is a good one.

    Returns:
        Their places in ``points``.

    Example:
        >>> small, good, worse = Point(0, 1, 0.8), Point(1, 9, 0.9), Point(2, 9, 0.7)
        >>> front([worse, good, small], higher_is_better=True)
        [2, 1]
    """
    sign = 1.0 if higher_is_better else -1.0
    found: list[int] = []
    best = -inf
    for place in sorted(
        range(len(points)), key=lambda at: (points[at].cost, -sign * points[at].score)
    ):
        if sign * points[place].score > best:
            best = sign * points[place].score
            found.append(place)
    return found
