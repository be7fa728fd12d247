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


def band(variant: int, histories: Sequence[History], name: str, most: int = 400) -> Band | None:
    """The mean and the range of one value over the seeds of one variant.

    An epoch that only some of the runs have reached counts those; what is not a number counts
    for none.

    Args:
        variant: The variant's place among all, from 0.
        histories: What each of its runs logged.
        name: Which value.
        most: How many epochs are kept; evenly thinned, the first and the last always stay.

    Returns:
        The band, or None where nothing was logged.

    Example:
        >>> found = band(0, [{"loss": [3.0, 1.0]}, {"loss": [1.0]}], "loss")
        >>> found.mean.tolist(), found.low.tolist(), found.high.tolist()
        ([2.0, 1.0], [1.0, 1.0], [3.0, 1.0])
    """
    lines = [np.asarray(each[name], float) for each in histories if len(each.get(name, ()))]
    length = max((len(line) for line in lines), default=0)
    if not length:
        return None
    values = np.full((len(lines), length), np.nan)
    for row, line in zip(values, lines, strict=True):
        row[: len(line)] = np.where(np.isfinite(line), line, np.nan)
    # By hand: NumPy's own mean without NaNs warns of epochs in which there is nothing else.
    known = ~np.isnan(values)
    counts = known.sum(0)
    with np.errstate(invalid="ignore"):
        mean = np.where(known, values, 0.0).sum(0) / counts
    low = np.where(known, values, np.inf).min(0)
    high = np.where(known, values, -np.inf).max(0)
    low[counts == 0] = high[counts == 0] = np.nan
    x = np.arange(1.0, length + 1)
    if length > most:
        kept = np.unique(np.linspace(0, length - 1, most).round().astype(int))
        x, mean, low, high = x[kept], mean[kept], low[kept], high[kept]
    return Band(variant, x, mean, low, high)


def bands_of(comparison: Any, name: str) -> list[Band]:
    """The bands of one value, for the variants that logged it.

    Args:
        comparison: What has ``variants`` and ``runs``.
        name: The value: ``"loss"``, or ``"val_loss"``.
    """
    found = (
        band(place, [run.history for run in comparison.runs if run.variant == variant], name)
        for place, variant in enumerate(comparison.variants)
    )
    return [each for each in found if each is not None]


def first_value(names: Sequence[str], score: str | None) -> str:
    """Whose curves are shown first: the score's where it was logged.

    Args:
        names: What was logged, without ``val_``.
        score: What the score is called.
    """
    bare = (score or "").removeprefix("val_")
    return bare if bare in names else (names[0] if names else "loss")
