"""Fewer points that look the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def thin(values: NDArray[np.float64], limit: int) -> NDArray[np.intp]:
    """Choose which points to keep so that a line through them looks the same.

    Of each run of neighbours the smallest and the largest stay, and one that is not a number
    where there is one, so that no spike and no gap is lost. First and last always stay.

    Args:
        values: Shape ``(n,)``; NaN where there is none.
        limit: How many to keep at most, 8 or more.

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
    size = -(-count // ((limit - 2) // 3))
    whole = count // size * size
    starts = np.arange(0, whole, size)
    table = values[:whole].reshape(-1, size)
    missing = ~np.isfinite(table)
    parts = [
        starts + np.where(missing, np.inf, table).argmin(axis=1),
        starts + np.where(missing, -np.inf, table).argmax(axis=1),
        (starts + missing.argmax(axis=1))[missing.any(axis=1)],
        np.array([0, count - 1]),
    ]
    if whole < count:
        rest = values[whole:]
        gaps = ~np.isfinite(rest)
        parts.append(
            whole
            + np.unique(
                [
                    np.where(gaps, np.inf, rest).argmin(),
                    np.where(gaps, -np.inf, rest).argmax(),
                    *([gaps.argmax()] if gaps.any() else []),
                ]
            )
        )
    return np.unique(np.concatenate(parts))
