"""What a comparison's scores say, in words, and what they do not."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from keraslab.train._digits import places, plain
from keraslab.train._paired import Pair, corrected, paired, t_quantile, usable

_SHOWN = 10
"""Pairs, and names in a row, that are written out; the others are counted."""


@dataclass(frozen=True)
class Verdict:
    """Which variants are better than which, as far as the seeds can tell."""

    name: str
    """Of the score."""
    higher_is_better: bool
    level: float
    pairs: tuple[Pair, ...]
    """Every two variants that have scores, the better mean first."""
    sentences: tuple[str, ...]
    """The first is the verdict itself; the others say by how much, and how it was tested."""
    best: tuple[str, ...]
    """The leading variants, each better than all the others; empty where no such group is seen."""
    order: tuple[str, ...]
    """The variants that have scores, the best mean first."""

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def verdict(
    scores: Mapping[str, Mapping[int, float | None]],
    *,
    name: str,
    higher_is_better: bool,
    level: float = 0.05,
    dropped: Collection[str] = (),
) -> Verdict:
    """Judge variants by their scores over several seeds.

    Every two variants are compared by a paired t-test over the seeds that both have, and the
    results are corrected for the number of pairs after Holm.

    Args:
        scores: By variant and seed index. A run that failed has no score, None or NaN.
        name: Of the score: ``"accuracy"``.
        higher_is_better: Whether more is better.
        level: How often a difference may be called real though only chance made it.
        dropped: Variants that were stopped early, and are not judged.

    Example:
        >>> found = verdict(
        ...     {"wide": {0: 0.91, 1: 0.93, 2: 0.92}, "deep": {0: 0.80, 1: 0.83, 2: 0.81}},
        ...     name="accuracy",
        ...     higher_is_better=True,
        ... )
        >>> found.best
        ('wide',)
        >>> print(found.sentences[0])
        wide is better than deep.
    """
    judged = [variant for variant in scores if variant not in dropped]
    known = {variant: _finite(scores[variant]) for variant in judged}
    means = {variant: fmean(of.values()) for variant, of in known.items() if of}
    order = sorted(means, key=means.__getitem__, reverse=higher_is_better)
    pairs = corrected(
        [paired(a, b, known, level) for a, b in combinations(order, 2)], level, higher_is_better
    )
    best = _best(order, pairs)
    said = [_ranking(order, pairs, known, name, means)]
    said += _differences(pairs, name)
    said += _how_tested(pairs, level)
    said += _left_out(scores, known, judged, dropped)
    return Verdict(name, higher_is_better, level, pairs, tuple(said), best, tuple(order))


def _finite(scores: Mapping[int, float | None]) -> dict[int, float]:
    return {
        index: float(value)
        for index, value in scores.items()
        if value is not None and usable(value)
    }


def _beats(pairs: Sequence[Pair]) -> set[tuple[str, str]]:
    return {
        (pair.better, pair.second if pair.better == pair.first else pair.first)
        for pair in pairs
        if pair.better is not None
    }


def _best(order: Sequence[str], pairs: Sequence[Pair]) -> tuple[str, ...]:
    tiers = _tiers(order, _beats(pairs))
    return tuple(tiers[0]) if len(tiers) > 1 else ()


def _tiers(order: Sequence[str], beats: set[tuple[str, str]]) -> list[list[str]]:
    """Cut the order wherever all that stands before is better than all that follows."""
    tiers: list[list[str]] = [[]]
    for place, variant in enumerate(order):
        before = order[:place]
        if before and all((a, b) in beats for a in before for b in order[place:]):
            tiers.append([])
        tiers[-1].append(variant)
    return [tier for tier in tiers if tier]


def _ranking(
    order: Sequence[str],
    pairs: Sequence[Pair],
    known: Mapping[str, Mapping[int, float]],
    name: str,
    means: Mapping[str, float],
) -> str:
    if not order:
        return "No run has a score, so there is nothing to judge."
    if len(order) == 1:
        mean = f"{name} {plain(means[order[0]], 4)}"
        return f"Only {order[0]} has scores ({mean}), so there is nothing to compare it with."
    if all(pair.test == "identical" for pair in pairs):
        return f"{_row(order)} have exactly the same {name} with every seed."
    if all(pair.p is None for pair in pairs):
        listed = ", ".join(f"{variant} {plain(means[variant], 4)}" for variant in order[:_SHOWN])
        more = f" and {len(order) - _SHOWN} more" if len(order) > _SHOWN else ""
        why = (
            "With one seed the noise between seeds cannot be measured"
            if max(len(of) for of in known.values()) < 2
            else "No two variants have two seeds in common"
        )
        return f"{why}, so which is better cannot be told ({name}: {listed}{more})."
    beats = _beats(pairs)
    if not beats:
        return (
            f"{_row(order)} cannot be told apart: the differences between them are within the "
            "noise of the seeds."
        )
    tiers = _tiers(order, beats)
    if all((a, b) not in beats for tier in tiers for a in tier for b in tier):
        return _in_tiers(tiers)
    return _pair_by_pair(order, beats)


def _in_tiers(tiers: Sequence[Sequence[str]]) -> str:
    parts = []
    for place, tier in enumerate(tiers):
        after = [variant for later in tiers[place + 1 :] for variant in later]
        if len(tier) > 1:
            parts.append(f"{_row(tier)} cannot be told apart")
            subject = "both are" if len(tier) == 2 else "all are"
        else:
            subject = f"{tier[0]} is"
        if after:
            parts.append(f"{subject} better than {_row(after)}")
    return "; ".join(parts) + "."


def _pair_by_pair(order: Sequence[str], beats: set[tuple[str, str]]) -> str:
    """Some are told apart and some are not, in no clean groups."""
    parts = []
    for variant in order[:_SHOWN]:
        worse = [other for other in order if (variant, other) in beats]
        if worse:
            parts.append(f"{variant} is better than {_row(worse)}")
    return "; ".join(parts) + "; the other pairs cannot be told apart."


def _row(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    if len(names) > _SHOWN:
        return ", ".join(names[: _SHOWN - 1]) + f" and {len(names) - _SHOWN + 1} more"
    return ", ".join(names[:-1]) + " and " + names[-1]


def _differences(pairs: Sequence[Pair], name: str) -> list[str]:
    found = [_difference(pair, name) for pair in pairs[:_SHOWN] if pair.p is not None]
    if len(pairs) > _SHOWN:
        found.append(f"The other {len(pairs) - _SHOWN:,} pairs are in .pairs.")
    return found


def _difference(pair: Pair, name: str) -> str:
    both = f"{pair.first} against {pair.second}"
    if pair.test == "identical":
        return f"{both}: exactly the same {name} with each of {pair.seeds} seeds."
    assert pair.difference is not None
    sign = 1 if pair.difference > 0 else -1
    more = f"{'higher' if sign > 0 else 'lower'} on average over {pair.seeds} seeds"
    p = "p < 0.0001" if (pair.adjusted or 0.0) < 0.0001 else f"p = {pair.adjusted:.2g}"
    if pair.low is None or pair.high is None:
        return (
            f"{both}: {name} {plain(abs(pair.difference))} {more}, the very same with each, so its "
            f"noise cannot be measured; by a sign test {p}."
        )
    low, high = sorted((sign * pair.low, sign * pair.high))
    # No more digits than the interval leaves room for.
    digits = places(pair.difference, (high - low) / 2)
    size, low_said, high_said = (
        plain(value) if digits is None else f"{value:.{digits}f}"
        for value in (abs(pair.difference), low, high)
    )
    return f"{both}: {name} {size} {more} (between {low_said} and {high_said}; {p})."


def _how_tested(pairs: Sequence[Pair], level: float) -> list[str]:
    tested = [pair for pair in pairs if pair.p is not None]
    measured = [pair for pair in tested if pair.test == "paired t-test"]
    if all(pair.test == "identical" for pair in tested):
        return []
    corrected_for = (
        f", corrected for {len(tested):,} comparisons after Holm" if len(tested) > 1 else ""
    )
    test = "a paired t-test" if measured else "a sign test"
    said = [
        f"Test: {test} over the seeds that both variants have{corrected_for}. p says how often "
        "the choice of seeds alone would give such a difference or a larger one; below "
        f"{plain(level, 1)} the difference is called real."
    ]
    if measured:
        alone = ", for each pair on its own, before the correction" if len(tested) > 1 else ""
        said[0] += (
            f" In brackets: where the true difference lies with {100 * (1 - level):g} % "
            f"confidence{alone}."
        )
    seeds = min((pair.seeds for pair in measured), default=0)
    if not all(pair.differs for pair in tested):
        more = (
            "What cannot be told apart differs by no more than the noise of the seeds, and need "
            "not be equal."
        )
        if measured:
            needed = t_quantile(1 - level / 2 / len(tested), seeds - 1) / math.sqrt(seeds)
            more += (
                f" With {seeds} seeds a difference is called real from about {plain(needed, 2)} "
                "times its own standard deviation over the seeds on; more seeds show smaller ones."
            )
        said.append(more)
    if seeds == 2:
        said.append("Two seeds are a weak basis, as one odd run decides; take three or more.")
    return said


def _left_out(
    scores: Mapping[str, Mapping[int, float | None]],
    known: Mapping[str, Mapping[int, float]],
    judged: Sequence[str],
    dropped: Collection[str],
) -> list[str]:
    said = []
    without = [variant for variant in judged if not known[variant]]
    if without and len(without) < len(judged):
        have, are = ("has", "is") if len(without) == 1 else ("have", "are")
        said.append(f"{_row(without)} {have} no score and {are} not judged.")
    lost = {variant: len(scores[variant]) - len(known[variant]) for variant in judged}
    partly = [variant for variant in judged if known[variant] and lost[variant]]
    for variant in partly[:_SHOWN]:
        runs, are = ("run", "is") if lost[variant] == 1 else ("runs", "are")
        said.append(
            f"{lost[variant]} {runs} of {variant} gave no score (failed, or not a number) and "
            f"{are} left out; its mean is over the others."
        )
    if len(partly) > _SHOWN:
        said.append(f"So are runs of {len(partly) - _SHOWN} more.")
    stopped = [variant for variant in scores if variant in dropped]
    if stopped:
        said.append(
            f"{_row(stopped)} {'was' if len(stopped) == 1 else 'were'} stopped early as the "
            "weakest so far and not judged."
        )
    return said
