"""Whether two lists of scores differ by more than seeds alone make them differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

SAME = 1e-9
"""Differences that agree up to this share of the scores are the same but for rounding."""
LARGEST = 1e100
"""Scores from here on are no results, and their squares would overflow."""


def usable(score: float | None) -> bool:
    """Whether a score can be worked with: a number, and none of a run that has come apart.

    Example:
        >>> usable(0.5), usable(None), usable(float("nan")), usable(1e200)
        (True, False, False, False)
    """
    return score is not None and abs(score) < LARGEST  # which no NaN is


class Pair(NamedTuple):
    """Two variants beside each other, over the seeds that both have a score for."""

    first: str
    second: str
    seeds: int
    """How many seeds both have a score for."""
    difference: float | None
    """Mean of the first's score less the second's; None without a common seed."""
    low: float | None = None
    """Where the interval begins that holds the true difference, for this pair on its own."""
    high: float | None = None
    p: float | None = None
    """How often chance alone would give a difference as large as this; None where unknown."""
    adjusted: float | None = None
    """The same, corrected for the number of pairs."""
    test: str | None = None
    """``"paired t-test"``, ``"sign test"``, ``"identical"``; None where nothing can be tested."""
    differs: bool = False
    """Whether ``adjusted`` lies under the level."""
    better: str | None = None
    """Which of the two is better; None where they cannot be told apart."""


def paired(
    first: str, second: str, scores: Mapping[str, Mapping[int, float]], level: float
) -> Pair:
    """Put two variants beside each other with a paired t-test.

    A pair of runs with the same seed index sees the same data in the same order, so it is
    their difference that is tested: what a seed does to both drops out.

    Where every seed gives the very same difference there is no spread to measure noise by. With
    scores in coarse steps (an accuracy on a few hundred examples) that happens by chance, and a
    t-test would call it certain: with two seeds, 12 false alarms in 100 instead of 5. A sign test
    takes its place, which needs six seeds to call anything real.

    Args:
        first: One variant.
        second: The other.
        scores: Finite scores by variant and seed index.
        level: How much is left outside of the interval.
    """
    common = sorted(scores[first].keys() & scores[second].keys())
    count = len(common)
    if not count:
        return Pair(first, second, 0, None)
    ours, theirs = ([scores[name][index] for index in common] for name in (first, second))
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    mean = math.fsum(differences) / count
    if ours == theirs:
        return Pair(first, second, count, 0.0, p=1.0, test="identical")
    if count < 2:
        return Pair(first, second, count, mean)
    size = max(map(abs, (*ours, *theirs)))
    spread = math.sqrt(math.fsum((d - mean) ** 2 for d in differences) / (count - 1) / count)
    if max(differences) - min(differences) <= SAME * size or not spread:
        return Pair(first, second, count, mean, p=2.0 ** (1 - count), test="sign test")
    half = t_quantile(1 - level / 2, count - 1) * spread
    p = t_tail(mean / spread, count - 1)
    return Pair(first, second, count, mean, mean - half, mean + half, p, test="paired t-test")


def corrected(pairs: Sequence[Pair], level: float, higher_is_better: bool) -> tuple[Pair, ...]:
    """Correct for the number of pairs, and say of each whether it differs.

    Args:
        pairs: What ``paired`` gave.
        level: How often one false alarm or more among all the pairs is put up with.
        higher_is_better: Of the score.
    """
    tested = [place for place, pair in enumerate(pairs) if pair.p is not None]
    adjusted = dict(zip(tested, holm([pairs[place].p or 0.0 for place in tested]), strict=True))
    found = []
    for place, pair in enumerate(pairs):
        p = adjusted.get(place)
        differs = p is not None and p < level
        better = None
        if differs:
            ahead = ((pair.difference or 0.0) > 0) == higher_is_better
            better = pair.first if ahead else pair.second
        found.append(pair._replace(adjusted=p, differs=differs, better=better))
    return tuple(found)


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct several p-values for their number, after Holm (1979).

    The smallest is multiplied by how many there are, the next by one less, and so on; none ends
    below one before it, or above 1. The chance of one false alarm or more among all of them then
    stays below the level that each is compared with, however they hang together.

    Args:
        p_values: In any order.

    Example:
        >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
        [0.03, 0.06, 0.06]
    """
    found = [0.0] * len(p_values)
    largest = 0.0
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, p_values[place] * (len(order) - rank)))
        found[place] = largest
    return found


def t_tail(t: float, freedom: int) -> float:
    """How often Student's t lies as far from 0 as this, on either side."""
    from scipy.special import stdtr  # scipy.stats has the whole test, and takes a second to load

    return float(2 * stdtr(freedom, -abs(t)))


@cache
def t_quantile(share: float, freedom: int) -> float:
    """The t below which a share of Student's distribution lies."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, share))
