"""Curves of what the store holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from keraslab.draw._curves_picture import Floats, Kind, Line, Plot
from keraslab.train._database import OF_EPOCHS
from keraslab.train._history import LEARNING_RATE, STEPS
from keraslab.train._marks import Reading, read_losses
from keraslab.train._names import named_by_losses, split
from keraslab.train._thin import thin

if TYPE_CHECKING:
    from keraslab.train._store import Points

_POINTS = 400
"""Points of a line in a still picture; more would fall on the same dots."""
_KINDS: tuple[Kind, ...] = ("batch", "train", "validation", "value")


def plots(points: Points) -> list[Plot]:
    """A plot for each value, training and validation together; the loss of all comes first.

    Args:
        points: Rows of step, epoch, seconds and value under kind and name.
    """
    keys = dict.fromkeys(key for _, key in points)
    outputs = named_by_losses(dict.fromkeys(key for kind, key in points if kind != "value"))
    knots = _knots(points)
    found = []
    for key in keys:
        kinds = [kind for kind in _KINDS if (kind, key) in points]
        if key == LEARNING_RATE and "value" in kinds:  # some schedules log it besides
            kinds = ["value"]
            if len({row[3] for row in points["value", key]}) < 2:
                continue  # one that never changes says nothing
        lines = tuple(_line(kind, key, points[kind, key], knots) for kind in kinds)
        if kinds == ["value"]:
            output, metric, title = (STEPS if outputs else ""), key, key.replace("_", " ")
        else:
            output, metric = split(key, outputs)
            title = f"{output} {metric.replace('_', ' ')}".strip()
        found.append(Plot(key, title, output, metric, lines))
    order = {name: place for place, name in enumerate(("", "total", *outputs))}

    def place(plot: Plot) -> tuple[bool, int, bool]:
        value = plot.lines[0].kind == "value"
        return value, order.get(plot.output, 99), plot.metric != "loss"

    return sorted(found, key=place)


def reading(points: Points) -> Reading:
    """What the losses say: the best epoch, and the gap between training and validation.

    Args:
        points: Rows of step, epoch, seconds and value under kind and name.
    """
    return read_losses(*(_losses(points.get((kind, "loss"))) for kind in ("train", "validation")))


def _losses(rows: list[tuple[float, ...]] | None) -> tuple[Floats, Floats] | None:
    table = np.asarray(rows or [], dtype=float).reshape(-1, 4)
    values = np.where(np.isfinite(table[:, 3]), table[:, 3], np.nan)
    return (table[:, 1], values) if np.isfinite(values).any() else None


def _knots(points: Points) -> tuple[Floats, Floats] | None:
    """Steps and epochs between which the horizontal axis is straight; None without epochs."""
    ends = {0.0: np.inf}
    for (kind, _), rows in points.items():
        if kind in OF_EPOCHS:  # those of a checkpoint that a run went on from stand at 0
            ends |= {step: epoch for step, epoch, *_ in rows}
    if ends == {0.0: np.inf}:
        return None
    if np.isinf(ends[0.0]):
        ends[0.0] = min(ends.values()) - 1
    steps, epochs = (np.array(column) for column in zip(*sorted(ends.items()), strict=True))
    length = (steps[-1] - steps[0]) / max(1, len(steps) - 1) or 1.0
    # One knot far ahead carries the epoch that is under way on in a straight line.
    return np.append(steps, steps[-1] + 1000 * length), np.append(epochs, epochs[-1] + 1000)


def _line(
    kind: Kind, key: str, rows: list[tuple[float, ...]], knots: tuple[Floats, Floats] | None
) -> Line:
    table = np.asarray(rows, dtype=float)
    steps, epochs, values = table[:, 0], table[:, 1], table[:, 3]
    kept = thin(values, _POINTS)
    steps, epochs, values = steps[kept], epochs[kept], values[kept]
    x: Floats = epochs
    if kind not in OF_EPOCHS:
        x = steps if knots is None else np.interp(steps, *knots)
    y = np.where(np.isfinite(values), values, np.nan)
    if kind == "batch" and knots is not None and len(steps):
        # The values of a batch are the epoch's mean so far: a new epoch starts a new line.
        new = np.flatnonzero(np.diff(np.searchsorted(knots[0][1:-1], steps))) + 1
        x, y = np.insert(x, new, x[new]), np.insert(y, new, np.nan)
    return Line(f"{kind}:{key}", kind, x, y, len(rows))
