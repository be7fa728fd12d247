"""Fewer points that look the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def thin(
    values: NDArray[np.float64], limit: int, at: NDArray[Any] | None = None
) -> NDArray[np.intp]:
    """Choose which points to keep so that a line through them looks the same.

    Of each stretch the smallest and the largest stay, and one that is not a number where there
    is one, so that no spike and no gap is lost. First and last always stay.

    Args:
        values: Shape ``(n,)``; NaN where there is none.
        limit: How many to keep at most, 8 or more.
        at: Shape ``(n,)``, rising: where the points lie. Stretches are of equal length there;
            None for points at equal distances.

    Returns:
        Rising indices into ``values``: all of them when there are no more than ``limit``.

    Example:
        >>> kept = thin(np.sin(np.arange(100_000.0)), 1000)
        >>> len(kept) <= 1000
        True
    """
    count = len(values)
    if count <= limit:
        return np.arange(count)
    parts = (limit - 2) // 3
    places = np.arange(count) if at is None else at - at[0]
    stretch = np.minimum(places * (parts / (places[-1] or 1)), parts - 1).astype(np.intp)
    starts = np.flatnonzero(np.diff(stretch, prepend=-1))
    lengths = np.diff(starts, append=count)
    missing = ~np.isfinite(values)
    kept = [np.array([0, count - 1])]
    for reduce, nothing in ((np.minimum, np.inf), (np.maximum, -np.inf)):
        filled = np.where(missing, nothing, values)
        found = filled == np.repeat(reduce.reduceat(filled, starts), lengths)
        kept.append(_first(np.flatnonzero(found), stretch))
    kept.append(_first(np.flatnonzero(missing), stretch))
    return np.unique(np.concatenate(kept))


def _first(hits: NDArray[np.intp], stretch: NDArray[np.intp]) -> NDArray[np.intp]:
    """The first hit of each stretch."""
    return hits[np.flatnonzero(np.diff(stretch[hits], prepend=-1))]
