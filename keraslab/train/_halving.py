"""Successive halving: the weaker half of the variants ends early, and the others go on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from keraslab.train._paired import usable


def rungs(epochs: int, variants: int) -> list[tuple[int, int]]:
    """After which epochs how many variants go on.

    Each stretch between two rungs takes about the same time, as the fewer variants train for
    longer (Jamieson & Talwalkar 2016). Two variants reach the end, not one, so that there is
    still something to compare. Where there are too few epochs for all rungs, there are fewer, and
    more variants reach the end: none but the weaker half is ever dropped at once.

    Args:
        epochs: Of a variant that is never dropped.
        variants: How many begin.

    Returns:
        Pairs of a number of epochs from the begin and how many variants stay then; the last is
        the end, where nobody is dropped.

    Raises:
        ValueError: if there is no epoch or no variant.

    Example:
        >>> rungs(14, 8)
        [(2, 4), (6, 2), (14, 2)]
        >>> rungs(10, 2)
        [(10, 2)]
    """
    if epochs < 1 or variants < 1:
        raise ValueError(
            f"rungs() needs an epoch and a variant at least. Received: epochs={epochs}, "
            f"variants={variants}."
        )
    counts = [variants]  # of the stretches
    while counts[-1] > 2:
        counts.append(math.ceil(counts[-1] / 2))
    while True:
        # A stretch with half as many variants is twice as long.
        whole = math.fsum(1 / count for count in counts)
        ends = [
            round(epochs * math.fsum(1 / count for count in counts[: place + 1]) / whole)
            for place in range(len(counts) - 1)
        ] + [epochs]
        if all(a < b for a, b in pairwise([0, *ends])):
            return list(zip(ends, [*counts[1:], counts[-1]], strict=True))
        counts.pop()


def stay(
    scores: Mapping[str, Sequence[float | None]], how_many: int, higher_is_better: bool
) -> list[str]:
    """Which variants go on: those with the best means over seeds.

    A variant that is as good as the last one to stay goes on too, so that no coin is thrown. One
    without a single finite score (every run failed, or has a loss of NaN) never goes on.

    Args:
        scores: Of each variant, one value per seed.
        how_many: Shall stay.
        higher_is_better: Of the scores.

    Returns:
        Their names, in the order given.

    Example:
        >>> stay({"a": [0.5, 0.7], "b": [0.9, 0.8], "c": [0.6, 0.6], "d": [float("nan")]}, 2, True)
        ['a', 'b', 'c']
    """
    means = {}
    for variant, values in scores.items():
        finite = [value for value in values if value is not None and usable(value)]
        if finite:
            means[variant] = math.fsum(finite) / len(finite)
    if len(means) <= how_many:
        return list(means)
    if how_many < 1:
        return []
    last = sorted(means.values(), reverse=higher_is_better)[how_many - 1]

    def good(mean: float) -> bool:
        better = mean > last if higher_is_better else mean < last
        return better or math.isclose(mean, last, rel_tol=1e-12)

    return [variant for variant, mean in means.items() if good(mean)]
