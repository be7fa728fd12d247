"""Alike parts in a row, and what else a large graph is folded into.

A large model whose layers carry no blocks in their names is still made of parts. They show in
numbered names (``conv3_block2_1_conv``) and in places where a single tensor is alive: what lies
between two such places is a part, and alike parts in a row are a repeat.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from keraslab.graph._data import Edge, Group
from keraslab.graph._outline import Drafted, Numbers, Outline, outlines
from keraslab.graph._part_names import common_name, kinds, plural, stems, unnumbered
from keraslab.graph._tandem import Run, tandem_repeats

FEW = 16
"""What holds no more calls and groups than this is small enough to be left as it is."""
SAVING = 4
"""A repeat of plain calls must hide at least so many; one of groups is always shorter to read."""
LONGEST_LIFE = 100
"""A tensor used over a longer stretch, such as a mask, passes by the parts beneath it."""
WIDEST = 3
"""Between the cells of some networks more than one tensor is alive, but no more than this."""
DEEPEST = 4
_OF = re.compile(r" of \d+$")


@dataclass(eq=False)
class Item:
    """A stretch of an outline that is shown as one: a unit, or units folded into one."""

    first: int
    last: int
    """The position after its last unit."""
    made: Made | None = None

    @property
    def span(self) -> range:
        """The positions of its units."""
        return range(self.first, self.last)


@dataclass(eq=False)
class Made:
    """A new group."""

    label: str
    kind: Literal["block", "repeat"]
    items: list[Item]
    times: int = 1


def find_repeats(
    calls: Sequence[Drafted],
    edges: Iterable[Edge],
    groups: tuple[Group, ...],
    group_of: Mapping[str, str],
) -> tuple[tuple[Group, ...], Mapping[str, str]]:
    """Fold the parts of a large graph that names and wiring tell, and alike parts in a row.

    Args:
        calls: The calls, producers first.
        edges: The edges between them.
        groups: The groups found so far, parents first.
        group_of: The innermost group of each grouped call.

    Returns:
        The groups, parents first, those found here among them, and the innermost group of
        each grouped call. Folding any mix of them makes no cycle where the given ones made none.
    """
    if len(calls) <= FEW:
        return groups, group_of
    numbers = Numbers()
    found = outlines(calls, edges, groups, group_of, numbers)
    arranged = {id_: _Arranger(outline, numbers).all() for id_, outline in found.items()}
    if not any(item.made for items in arranged.values() for item in items):
        return groups, group_of
    return _Writer(groups, found, arranged, {call.id for call in calls}).finish()


class _Arranger:
    """Folds what one outline holds."""

    def __init__(self, outline: Outline, numbers: Numbers) -> None:
        self.outline = outline
        self.numbers = numbers

    def all(self) -> list[Item]:
        """The units of the outline, folded."""
        return self.fold([Item(i, i + 1) for i in range(len(self.outline.units))])

    def fold(self, items: list[Item], stem: str = "", depth: int = 0) -> list[Item]:
        """The items, some of them folded into one; few items are left as they are."""
        if depth >= DEEPEST:
            return items
        if len(items) > FEW:
            items = self._by_name(items, stem, depth)
        if len(items) <= FEW:
            return self._small(items, SAVING if depth == 0 else SAVING // 2)
        pieces = self._pieces(items)
        items, alone = self._by_structure(items, pieces, depth)
        return self._lone(items, alone, depth) if len(items) > FEW else items

    def _small(self, items: list[Item], saving: int) -> list[Item]:
        """Where there are few items, only groups of the same width in a row are folded."""
        found: list[Item] = []
        at = 0
        for start, stop in self._rows(items, width=True):
            if stop - start > saving:
                found += [*items[at:start], self._repeat([[i] for i in items[start:stop]], 0)]
                at = stop
        return found + items[at:]

    def _by_name(self, items: list[Item], stem: str, depth: int) -> list[Item]:
        """Fold items whose names begin with the same number: ``block_3_expand``."""
        units = self.outline.units
        names = [item.made.label if item.made else units[item.first].name for item in items]
        rows = next(stems(names, stem), [])
        if not rows:
            return items
        ends = {0, len(items), *self._cuts(items, 1)}
        folded: list[Item] = []
        at = 0
        for number, (start, stop, label) in enumerate(rows):
            # The unnamed layers of a shortcut belong to it: up to where one tensor is alive.
            limit = rows[number + 1][0] if number + 1 < len(rows) else len(items)
            start = next((i for i in range(start, at - 1, -1) if i in ends), start)
            stop = next((i for i in range(stop, limit + 1) if i in ends), stop)
            if any(names[start : rows[number][0]]) or any(names[rows[number][1] : stop]):
                start, stop = rows[number][:2]
            inner = self.fold(items[start:stop], label, depth + 1)
            made = inner[0].made if len(inner) == 1 else None
            if made is None or made.kind != "repeat":
                made = Made(label, "block", inner)
            folded += [*items[at:start], Item(items[start].first, items[stop - 1].last, made)]
            at = stop
        return folded + items[at:]

    def _by_structure(
        self, items: list[Item], pieces: list[tuple[int, int]], depth: int
    ) -> tuple[list[Item], list[Item]]:
        """Fold alike pieces in a row; also returns the first items of pieces left alone."""
        sizes = [b - a for a, b in pieces]
        heavy = [self._heavy(items[a:b]) for a, b in pieces]

        def runs_of(width: bool) -> tuple[list[Run], int]:
            tokens = [self._structure(items[a:b], width) for a, b in pieces]
            found, hidden = [], 0
            for run in tandem_repeats(tokens, sizes, heavy):
                first, last = pieces[run.start][0], pieces[run.stop - 1][1]
                if last - first > SAVING or any(map(self._is_group, items[first:last])):
                    found.append(run)
                    hidden += last - first - 1
            return found, len(items) - hidden

        runs, shown = runs_of(width=True)
        wider, fewer = runs_of(width=False)
        if fewer < 0.75 * shown:
            runs = wider
        folded: list[Item] = []
        alone: list[Item] = []
        at = 0
        for run in runs:
            for a, b in pieces[at : run.start]:
                folded += items[a:b]
                alone += items[a : a + 1]
            parts = [
                items[pieces[start][0] : pieces[start + run.period - 1][1]]
                for start in range(run.start, run.stop, run.period)
            ]
            folded.append(self._repeat(parts, depth))
            at = run.stop
        for a, b in pieces[at:]:
            folded += items[a:b]
            alone += items[a : a + 1]
        return folded, alone

    def _lone(self, items: list[Item], alone: list[Item], depth: int) -> list[Item]:
        """Fold branching pieces that are like none beside them, and that no block has named."""
        starts = {id(item) for item in alone}
        found: list[Item] = []
        at = 0
        while at < len(items):
            stop = at + 1
            while stop < len(items) and items[stop].made is None and id(items[stop]) not in starts:
                stop += 1
            piece = items[at:stop]
            named = any(self.outline.units[p].group for item in piece for p in item.span)
            if SAVING <= len(piece) < len(items) and id(piece[0]) in starts and not named:
                label = self._label(piece) or kinds(self._types(piece))
                inner = self.fold(piece, "", depth + 1)
                found.append(Item(piece[0].first, piece[-1].last, Made(label, "block", inner)))
            else:
                found += piece
            at = stop
        return found

    def _repeat(self, parts: list[list[Item]], depth: int) -> Item:
        labels = [self._label(part) for part in parts]
        single = len(parts[0]) == 1
        named = single or len(set(labels)) == len(labels)
        label = plural(labels) if named else None
        inner: list[Item] = []
        for number, (part, own) in enumerate(zip(parts, labels, strict=True), start=1):
            if single:
                inner += part
                continue
            text = own if named and own else f"{number} of {len(parts)}"
            made = Made(text, "block", self.fold(part, own or "", depth + 1))
            inner.append(Item(part[0].first, part[-1].last, made))
        label = label or kinds(self._types(parts[0]))
        return Item(inner[0].first, inner[-1].last, Made(label, "repeat", inner, len(parts)))

    def _pieces(self, items: list[Item]) -> list[tuple[int, int]]:
        """Stretches between places where one tensor is alive; in large ones, a few tensors."""
        pieces = [(0, len(items))]
        for width in range(1, WIDEST + 1):
            finer: list[tuple[int, int]] = []
            for a, b in pieces:
                if b - a > (1 if width == 1 else LONGEST_LIFE):
                    cuts = [a + cut for cut in self._cuts(items[a:b], width)]
                    finer += zip([a, *cuts], [*cuts, b], strict=True)
                else:
                    finer.append((a, b))
            pieces = finer
        return pieces

    def _cuts(self, items: list[Item], width: int) -> list[int]:
        """Where to cut: behind items after which no more tensors are alive than this."""
        first = items[0].first
        wires, entering = self.outline.wires, self.outline.entering
        at: list[int] = []
        last_use: dict[tuple[str, int], int] = {}
        made_at: dict[tuple[str, int], int] = {}
        for here, item in enumerate(items):
            at += [here] * (item.last - item.first)
            for position in item.span:
                for source, tensor, _ in wires[position]:
                    last_use[tensor] = here
                    if source >= first:
                        made_at[tensor] = at[source - first]
                for tensor in entering[position]:
                    last_use[tensor] = here
        change = [0] * len(items)
        for tensor, end in last_use.items():
            born = made_at.get(tensor, -1)
            if end - born <= LONGEST_LIFE:
                change[max(born, 0)] += 1
                change[end] -= 1
        cuts: set[int] = set()
        alive = 0
        for number, step in enumerate(change):
            alive += step
            if alive <= width:
                cuts.add(number + 1)
        # Groups in a row are parts whatever else passes by them.
        for start, stop in self._rows(items, width=False):
            if stop - start > 2:
                cuts.update(range(start, stop + 1))
        return sorted(cuts - {0, len(items)})

    def _rows(self, items: list[Item], width: bool) -> Iterator[tuple[int, int]]:
        """Stretches of alike groups, each of which takes something from the one before."""
        tokens = [
            self._structure([item], width) if self._is_group(item) else -number - 1
            for number, item in enumerate(items)
        ]
        start = 0
        for stop in range(1, len(items) + 1):
            if stop == len(items) or tokens[stop] != tokens[start]:
                if stop - start > 2 and self._chained(items[start:stop]):
                    yield start, stop
                start = stop

    def _chained(self, items: list[Item]) -> bool:
        """Whether each item takes something from the one before."""
        return all(
            any(
                one.first <= wire.source < two.first
                for position in two.span
                for wire in self.outline.wires[position]
            )
            for one, two in pairwise(items)
        )

    def _structure(self, items: list[Item], width: bool) -> int:
        return self.numbers.structure(self.outline, items[0].first, items[-1].last, width)

    def _is_group(self, item: Item) -> bool:
        return item.made is not None or self.outline.units[item.first].group

    def _heavy(self, items: list[Item]) -> bool:
        span = range(items[0].first, items[-1].last)
        return any(self.outline.units[position].heavy for position in span)

    def _name(self, item: Item) -> str | None:
        name = item.made.label if item.made else self.outline.units[item.first].name
        return name and (name.rsplit("__", 1)[-1] or name)

    def _types(self, items: list[Item]) -> list[str]:
        units = self.outline.units
        return [
            unnumbered(item.made.label if item.made else units[item.first].type)
            if self._is_group(item)
            else units[item.first].type
            for item in items
        ]

    def _label(self, items: list[Item]) -> str | None:
        if len(items) == 1:
            return self._name(items[0])
        names = [name for item in items if (name := self._name(item))]
        return common_name(names) or self._name(items[-1])


class _Writer:
    """Writes the folded outlines as groups, parents first."""

    def __init__(
        self,
        groups: Sequence[Group],
        found: Mapping[str | None, Outline],
        arranged: Mapping[str | None, list[Item]],
        taken: set[str],
    ) -> None:
        self.known = {group.id: group for group in groups}
        self.found = found
        self.arranged = arranged
        self.taken = taken | self.known.keys()
        self.written: list[Group] = []
        self.group_of: dict[str, str] = {}
        self.places = {id(o): [unit.place for unit in o.units] for o in found.values()}

    def finish(self) -> tuple[tuple[Group, ...], Mapping[str, str]]:
        """The groups, and the innermost group of each grouped call."""
        self._hold(self.found[None], self.arranged[None], None)
        return tuple(self.written), self.group_of

    def _hold(self, outline: Outline, items: list[Item], parent: str | None) -> None:
        """Write what lies in a group, in the order of the graph, and note it there."""
        calls: list[str] = []
        children: list[str] = []
        place = len(self.written) - 1
        places = self.places[id(outline)]
        for item in sorted(items, key=lambda item: min(places[item.first : item.last])):
            unit = outline.units[item.first]
            if item.made is not None:
                children.append(self._make(outline, item.made, parent))
            elif unit.group:
                children.append(unit.id)
                self.written.append(replace(self.known[unit.id], parent=parent))
                self._hold(self.found[unit.id], self.arranged[unit.id], unit.id)
            else:
                calls.append(unit.id)
                if parent is not None:
                    self.group_of[unit.id] = parent
        if parent is not None:
            held = replace(self.written[place], calls=tuple(calls), children=tuple(children))
            self.written[place] = held

    def _make(self, outline: Outline, made: Made, parent: str | None) -> str:
        start = f"{parent}/" if parent else ""
        # Stable when a part comes once more: what a person has unfolded stays unfolded.
        own = _OF.sub("", made.label)
        plain = f"{start}{own}{'*' if made.kind == 'repeat' else ''}"
        id_, again = f"{plain}#0", 1
        while id_ in self.taken:
            id_, again = f"{plain}#{again}", again + 1
        self.taken.add(id_)
        self.written.append(Group(id_, made.label, made.kind, parent, (), (), 0, 1, made.times))
        self._hold(outline, made.items, id_)
        return id_
