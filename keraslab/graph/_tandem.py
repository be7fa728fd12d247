"""Stretches of a sequence that are one part several times over."""

from __future__ import annotations

import heapq
import operator
import re
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from typing import NamedTuple

LONGEST_PERIOD = 64
"""Parts are made of at most so many pieces."""


class Run(NamedTuple):
    """Alike parts in a row: positions in a list of pieces."""

    start: int
    period: int
    times: int

    @property
    def stop(self) -> int:
        """The position after its last piece."""
        return self.start + self.period * self.times


def tandem_repeats(tokens: Sequence[int], sizes: Sequence[int], heavy: Sequence[bool]) -> list[Run]:
    """Stretches of a sequence that are one part several times over, the largest first taken.

    Args:
        tokens: Equal for alike pieces.
        sizes: How much each piece holds; what the repeats hide together is made large.
        heavy: Pieces that a part had rather begin with.

    Returns:
        Runs that do not overlap, in order.

    Example:
        >>> tandem_repeats([0, 1, 2, 1, 2, 1, 2, 3], [1] * 8, [False] * 8)
        [Run(start=1, period=2, times=3)]
    """
    total = [0]
    for size in sizes:
        total.append(total[-1] + size)
    queue: list[tuple[int, int, int, int]] = []

    def offer(start: int, stop: int, period: int) -> None:
        if stop - start >= 2 * period:
            long = (stop - start) // period * period
            hidden = max(total[b + long] - total[b] for b in range(start, stop - long + 1))
            heapq.heappush(queue, (-hidden, period, start, stop))

    for period in range(1, min(LONGEST_PERIOD, len(tokens) // 2) + 1):
        same = bytes(map(operator.eq, tokens, tokens[period:]))
        for match in re.finditer(b"\x01{%d,}" % period, same):
            offer(match.start(), match.end() + period, period)
    taken: list[Run] = []
    while queue:
        _, period, start, stop = heapq.heappop(queue)
        left = list(_left(taken, start, stop))
        if left != [(start, stop)]:
            for a, b in left:
                offer(a, b, period)
            continue
        times = (stop - start) // period
        begins = range(start, stop - times * period + 1)
        best = max(begins, key=lambda b: (heavy[b], total[b + times * period] - total[b], -b))
        insort(taken, Run(best, period, times))
    return taken


def _left(taken: list[Run], start: int, stop: int) -> Iterator[tuple[int, int]]:
    """What of a stretch is not taken yet."""
    at = bisect_left(taken, (start,))
    if at and taken[at - 1].stop > start:
        start = taken[at - 1].stop
    while at < len(taken) and taken[at].start < stop:
        if taken[at].start > start:
            yield start, taken[at].start
        start = taken[at].stop
        at += 1
    if start < stop:
        yield start, stop
