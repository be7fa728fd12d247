"""The curves of several seeds as one line with a band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
History = Mapping[str, Sequence[float]]

_HIDDEN = ("learning_rate",)
AXES = {"epochs": "epoch", "macs": "MACs spent, forward", "seconds": "seconds of training"}
"""What curves are drawn along, by what each run may spend."""


@dataclass(frozen=True)
class Band:
    """The curves of one variant's seeds: their mean, and the lowest and the highest of them."""

    variant: int
    """Its place among the variants, from 0."""
    x: Floats
    mean: Floats
    low: Floats
    high: Floats


def curve_names(histories: Sequence[History]) -> list[str]:
    """The values that can be drawn, without ``val_``, the loss first.

    Args:
        histories: What the runs logged each epoch.

    Example:
        >>> curve_names([{"accuracy": [0.5], "loss": [1.0], "val_loss": [1.1]}])
        ['loss', 'accuracy']
    """
    found = dict.fromkeys(
        name.removeprefix("val_") for history in histories for name in tuple(history)
    )
    names = [name for name in found if name not in _HIDDEN]
    return sorted(names, key=lambda name: name != "loss")


def band(
    variant: int,
    histories: Sequence[History],
    name: str,
    most: int = 400,
    along: Sequence[Sequence[float]] | None = None,
) -> Band | None:
    """The mean and the range of one value over the seeds of one variant.

    An epoch that only some of the runs have reached counts those; what is not a number counts
    for none.

    Args:
        variant: The variant's place among all, from 0.
        histories: What each of its runs logged.
        name: Which value.
        most: How many places are kept; evenly thinned, the first and the last always stay.
        along: Of each run where its epochs ended on the horizontal axis, rising; None for an
            axis of epochs. Between its epochs a run is taken to go straight.

    Returns:
        The band, or None where nothing was logged.

    Example:
        >>> found = band(0, [{"loss": [3.0, 1.0]}, {"loss": [1.0]}], "loss")
        >>> found.mean.tolist(), found.low.tolist(), found.high.tolist()
        ([2.0, 1.0], [1.0, 1.0], [3.0, 1.0])
        >>> found = band(0, [{"loss": [3.0, 1.0]}, {"loss": [2.0]}], "loss", along=[[5, 9], [7]])
        >>> found.x.tolist(), found.mean.tolist()
        ([5.0, 7.0, 9.0], [2.5, 2.0, 1.5])
    """
    lines = [np.asarray(each.get(name, ()), float) for each in histories]
    ends = [np.arange(1.0, len(line) + 1) for line in lines]
    if along is not None:
        ends = [np.asarray(each, float) for each in along]
    runs = [
        (at[: len(line)], np.where(np.isfinite(line), line, np.nan)[: len(at)])
        for at, line in zip(ends, lines, strict=True)
        if len(at) and len(line)
    ]
    if not runs:
        return None
    x = np.unique(np.concatenate([at for at, _ in runs]))
    values = np.array([_at(x, *run) for run in runs])
    # By hand: NumPy's own mean without NaNs warns of epochs in which there is nothing else.
    known = ~np.isnan(values)
    counts = known.sum(0)
    with np.errstate(invalid="ignore"):
        mean = np.where(known, values, 0.0).sum(0) / counts
    low = np.where(known, values, np.inf).min(0)
    high = np.where(known, values, -np.inf).max(0)
    low[counts == 0] = high[counts == 0] = np.nan
    if len(x) > most:
        kept = np.unique(np.linspace(0, len(x) - 1, most).round().astype(int))
        x, mean, low, high = x[kept], mean[kept], low[kept], high[kept]
    return Band(variant, x, mean, low, high)


def _at(x: Floats, ends: Floats, values: Floats) -> Floats:
    """A run's values at other places: straight from one epoch to the next, NaN where it is not.

    The seeds of a budget of seconds end their epochs at different times. A run counts for half
    an epoch around its own, so that a band does not jump where one of them is a batch longer.
    """
    found: Floats = np.interp(x, ends, values)
    room = (ends[-1] - ends[0]) / (len(ends) - 1) / 2 if len(ends) > 1 else ends[0] / 2
    found[(x < ends[0] - room) | (x > ends[-1] + room)] = np.nan
    found[np.searchsorted(x, ends)] = values  # also beside a gap, where there is no straight line
    return found


def axis_of(comparison: Any) -> str:
    """What its curves are drawn along, with its unit: what was held equal.

    Args:
        comparison: What has ``budget``.
    """
    return AXES[comparison.budget]


def band_of_runs(
    comparison: Any, place: int, runs: Sequence[Any], name: str, most: int = 400
) -> Band | None:
    """The band of one value over the runs of a variant, along what was held equal.

    Args:
        comparison: What has ``budget``.
        place: The variant's place among all, from 0.
        runs: Its runs, which have ``history`` and ``along``.
        name: Which value.
        most: As for ``band``.
    """
    along = None if comparison.budget == "epochs" else [run.along for run in runs]
    return band(place, [run.history for run in runs], name, most, along)


def bands_of(comparison: Any, name: str) -> list[Band]:
    """The bands of one value, for the variants that logged it.

    Args:
        comparison: What has ``variants``, ``runs`` and ``budget``.
        name: The value: ``"loss"``, or ``"val_loss"``.
    """
    runs = {
        variant: [run for run in comparison.runs if run.variant == variant]
        for variant in comparison.variants
    }
    return [
        found
        for place, variant in enumerate(comparison.variants)
        if (found := band_of_runs(comparison, place, runs[variant], name)) is not None
    ]


def first_value(names: Sequence[str], score: str | None) -> str:
    """Whose curves are shown first: the score's where it was logged.

    Args:
        names: What was logged, without ``val_``.
        score: What the score is called.
    """
    bare = (score or "").removeprefix("val_")
    return bare if bare in names else (names[0] if names else "loss")
