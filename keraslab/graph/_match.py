"""Which call of one graph is which call of another, whatever they are called.

Most calls are found by what lies before and after them: two calls are the same when
everything upstream is the same, or everything downstream. Between two changes the longest
common row of alike calls is taken, and what is left is followed along the edges. Each step is
done first for calls that are equal in all settings, then in all but sizes, then in kind only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from keraslab.graph._facts import Facts, is_automatic

_FURTHEST = 300
"""How many differences the search for a common row follows before it takes anchors."""

Labels = tuple[list[int], list[int]]


def match(a: Sequence[Facts], b: Sequence[Facts]) -> dict[int, int]:
    """Match the calls of two graphs.

    Args:
        a: The facts of every call of one graph, in an order in which wires point forward.
        b: Those of the other.

    Returns:
        For the position of each matched call of ``a``, the position in ``b``.
    """
    matching = _Matching(a, b)
    exact = matching.labels(_all_of)
    alike = matching.labels(_settings_of)
    kinds = matching.labels(lambda facts: facts.kind)
    for labels in (exact, alike):
        matching.by_surroundings(labels)
    matching.by_name()
    matching.by_order(alike)
    matching.along_edges(alike)
    matching.by_surroundings(kinds)
    matching.along_edges(kinds, alike)
    matching.by_order(kinds)
    return matching.found


def _all_of(facts: Facts) -> Hashable:
    outputs = facts.call.outputs
    return (*_settings_of(facts), outputs, facts.trainable)


def _settings_of(facts: Facts) -> tuple[Hashable, ...]:
    return (
        facts.kind,
        tuple(facts.settings.items()),
        tuple(sorted(facts.constants.items(), key=_key)),
    )


def _key(item: tuple[str, Any]) -> str:
    return item[0]


class _Matching:
    def __init__(self, a: Sequence[Facts], b: Sequence[Facts]) -> None:
        self.a, self.b = a, b
        self.found: dict[int, int] = {}
        self.taken: set[int] = set()

    def labels(self, of: Callable[[Facts], Hashable]) -> Labels:
        """A number for each call, equal where what is compared is equal."""
        numbers: dict[Hashable, int] = {}
        return (
            [numbers.setdefault(of(facts), len(numbers)) for facts in self.a],
            [numbers.setdefault(of(facts), len(numbers)) for facts in self.b],
        )

    def pair(self, i: int, j: int) -> None:
        self.found[i] = j
        self.taken.add(j)

    def left(self) -> tuple[list[int], list[int]]:
        return (
            [i for i in range(len(self.a)) if i not in self.found],
            [j for j in range(len(self.b)) if j not in self.taken],
        )

    def by_surroundings(self, labels: Labels) -> None:
        """Pair calls with the same upstream and downstream, then with one of the two."""
        if len(self.found) == min(len(self.a), len(self.b)):
            return
        numbers: dict[Hashable, int] = {}
        (at_a, at_b) = labels
        up_a, up_b = _upstream(self.a, at_a, numbers), _upstream(self.b, at_b, numbers)
        down_a, down_b = _downstream(self.a, at_a, numbers), _downstream(self.b, at_b, numbers)
        self._equal(list(zip(up_a, down_a, strict=True)), list(zip(up_b, down_b, strict=True)))
        self._equal(up_a, up_b)
        self._equal(down_a, down_b)

    def _equal(self, keys_a: Sequence[Hashable], keys_b: Sequence[Hashable]) -> None:
        """Pair what has equal keys where there are as many in both graphs, in order."""
        left_a, left_b = self.left()
        in_a: dict[Hashable, list[int]] = defaultdict(list)
        in_b: dict[Hashable, list[int]] = defaultdict(list)
        for i in left_a:
            in_a[keys_a[i]].append(i)
        for j in left_b:
            in_b[keys_b[j]].append(j)
        for key, here in in_a.items():
            there = in_b.get(key, [])
            if len(here) == len(there):
                for i, j in zip(here, there, strict=True):
                    self.pair(i, j)

    def by_name(self) -> None:
        """Pair calls of one kind with equal names given by hand, where that keeps the order."""
        left_a, left_b = self.left()
        keys = [
            {
                at: (facts[at].call.id, facts[at].kind)
                for at in left
                if not is_automatic(facts[at].call)
            }
            for facts, left in ((self.a, left_a), (self.b, left_b))
        ]
        there = {key: j for j, key in keys[1].items()}
        pairs = [(i, there[key]) for i, key in keys[0].items() if key in there]
        for i, j in _in_order([*pairs, *self.found.items()]):
            if i not in self.found and j not in self.taken:
                self.pair(i, j)

    def by_order(self, labels: Labels) -> None:
        """Pair the longest common rows between calls that are matched already."""
        left_a, left_b = self.left()
        if not left_a or not left_b:
            return
        anchors = _in_order(list(self.found.items()))
        ends_a = [i for i, _ in anchors]
        ends_b = [j for _, j in anchors]
        gaps: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for i in left_a:
            gaps[bisect_left(ends_a, i)][0].append(i)
        for j in left_b:
            gaps[bisect_left(ends_b, j)][1].append(j)
        for here, there in gaps.values():
            for i, j in _common_row(here, there, labels):
                self.pair(i, j)

    def along_edges(self, labels: Labels, first: Labels | None = None) -> None:
        """Pair neighbours of matched calls that stand at the same argument and have one label.

        With ``first``, neighbours that are also equal in that label go before the others.
        """
        at_a, at_b = labels
        ahead = list(self.found.items())
        later: list[tuple[int, int]] = []
        while ahead or later:
            easy = bool(ahead)
            i, j = ahead.pop() if easy else later.pop()
            if easy and first is not None:
                later.append((i, j))
            use_a, use_b = first if easy and first is not None else labels
            for k, m in self._neighbours(i, j):
                if k in self.found or m in self.taken:
                    continue
                if at_a[k] == at_b[m] and use_a[k] == use_b[m]:
                    self.pair(k, m)
                    ahead.append((k, m))

    def _neighbours(self, i: int, j: int) -> list[tuple[int, int]]:
        here, there = self.a[i], self.b[j]
        pairs = []
        sources = {wire.slot: wire for wire in there.wires}
        for wire in here.wires:
            other = sources.get(wire.slot)
            if other is not None and other.output == wire.output:
                pairs.append((wire.source, other.source))
        takers: dict[tuple[str, int], list[int]] = defaultdict(list)
        for slot, target, output in there.after:
            if target not in self.taken:
                takers[slot, output].append(target)
        for slot, target, output in here.after:
            # A tensor may go to very many calls; those at its place in the row are looked at.
            if target not in self.found:
                pairs.extend((target, other) for other in takers[slot, output][:8])
        return pairs


def _upstream(
    facts: Sequence[Facts], labels: Sequence[int], numbers: dict[Hashable, int]
) -> list[int]:
    """A number for each call, equal where the call and everything before it are equal."""
    found: list[int] = []
    for one, label in zip(facts, labels, strict=True):
        inputs = tuple([port for port in one.ports if port.startswith("input")])
        before = tuple([(wire.slot, found[wire.source], wire.output) for wire in one.wires])
        found.append(numbers.setdefault(("up", label, inputs, before), len(numbers)))
    return found


def _downstream(
    facts: Sequence[Facts], labels: Sequence[int], numbers: dict[Hashable, int]
) -> list[int]:
    """A number for each call, equal where the call and everything after it are equal."""
    found = [0] * len(facts)
    for at in range(len(facts) - 1, -1, -1):
        one = facts[at]
        outputs = tuple([port for port in one.ports if port.startswith("output")])
        after = tuple(sorted([(slot, found[target], index) for slot, target, index in one.after]))
        key = ("down", labels[at], outputs, after)
        found[at] = numbers.setdefault(key, len(numbers))
    return found


def _common_row(here: Sequence[int], there: Sequence[int], labels: Labels) -> list[tuple[int, int]]:
    """Pairs of equal labels in an order common to both; as many as possible, if few differ."""
    if not here or not there:
        return []
    at_a = [labels[0][i] for i in here]
    at_b = [labels[1][j] for j in there]
    rows = _shortest_edit(at_a, at_b)
    if rows is None:
        rows = _by_anchors(at_a, at_b)
    return [(here[i], there[j]) for i, j in rows]


def _shortest_edit(a: Sequence[int], b: Sequence[int]) -> list[tuple[int, int]] | None:
    """The longest common row (Myers 1986); None if more than `_FURTHEST` entries differ."""
    furthest = {1: 0}
    trail: list[dict[int, int]] = []
    for d in range(min(len(a) + len(b), _FURTHEST) + 1):
        trail.append(dict(furthest))
        for k in range(-d, d + 1, 2):
            down = k == -d or (k != d and furthest[k - 1] < furthest[k + 1])
            x = furthest[k + 1] if down else furthest[k - 1] + 1
            while x < len(a) and x - k < len(b) and a[x] == b[x - k]:
                x += 1
            furthest[k] = x
            if x >= len(a) and x - k >= len(b):
                return _walk_back(trail, len(a), len(b))
    return None


def _walk_back(trail: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    pairs = []
    for d in range(len(trail) - 1, -1, -1):
        furthest, k = trail[d], x - y
        down = k == -d or (k != d and furthest[k - 1] < furthest[k + 1])
        other = k + 1 if down else k - 1
        before = furthest[other]
        while x > before and y > before - other:
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y = before, before - other
    return pairs[::-1]


def _by_anchors(a: Sequence[int], b: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs around stretches of labels that are unique, longer stretches first; near linear."""
    anchors: list[tuple[int, int]] = []
    for size in (16, 8, 4, 2, 1):
        once_a, once_b = _unique(a, size), _unique(b, size)
        pairs = [(i, once_b[key]) for key, i in once_a.items() if key in once_b]
        stretched = [(i + s, j + s) for i, j in pairs for s in range(size)]
        anchors = _in_order(sorted({*anchors, *stretched}))
    if not anchors:
        return []
    rows: list[tuple[int, int]] = []
    for (i, j), (k, m) in zip([(-1, -1), *anchors], [*anchors, (len(a), len(b))], strict=True):
        inner = _shortest_edit(a[i + 1 : k], b[j + 1 : m]) or []
        rows.extend((i + 1 + x, j + 1 + y) for x, y in inner)
        if k < len(a):
            rows.append((k, m))
    return rows


def _unique(labels: Sequence[int], size: int) -> dict[tuple[int, ...], int]:
    seen: dict[tuple[int, ...], int] = {}
    for at in range(len(labels) - size + 1):
        key = tuple(labels[at : at + size])
        seen[key] = -1 if key in seen else at
    return {key: at for key, at in seen.items() if at >= 0}


def _in_order(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest row of pairs in which both numbers grow."""
    tails: list[int] = []
    rows: list[tuple[int, int]] = []
    ends: list[int] = []
    before: list[int] = []
    # Of pairs with one first number, at most one is taken: the second falls within them.
    for i, j in sorted(pairs, key=lambda pair: (pair[0], -pair[1])):
        at = bisect_left(tails, j)
        if at == len(tails):
            tails.append(j)
            ends.append(len(rows))
        else:
            tails[at] = j
            ends[at] = len(rows)
        before.append(ends[at - 1] if at else -1)
        rows.append((i, j))
    found = []
    at = ends[-1] if ends else -1
    while at >= 0:
        found.append(rows[at])
        at = before[at]
    return found[::-1]
