"""Which calls belong together: nested models, and blocks that live on in layer names.

A name says which block a layer belongs to (``outer__inner__layer``), not which call of the
block. The calls are therefore dealt out in the order they were made: where every layer of a
block is called a multiple of n times, the block was called n times. What makes no sense
together (not connected, counts that do not divide) stays ungrouped, and a group that would
make a cycle when folded is dissolved.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from keraslab.graph._data import Group


class Item(NamedTuple):
    """One call in one model; the call of a nested model counts as one item."""

    id: str
    name: str
    key: int
    """Equal for the calls of one layer."""
    kind: Literal["input", "layer", "operation"]
    tensors_in: tuple[int, ...]
    tensors_out: tuple[int, ...]
    opened: bool
    """Whether it is a nested model, whose own items are a scope of their own."""


class Scope(NamedTuple):
    """The items of one model, or of one call of a nested model, producers first."""

    id: str | None
    """The id of the nested model's item; None for the model itself."""
    model: int
    """Equal for the calls of one nested model."""
    items: tuple[Item, ...]


@dataclass(eq=False)
class _Nest:
    """A group in the making: items by their position in the scope, and what lies in it."""

    prefix: tuple[str, ...]
    items: set[int]
    children: list[_Nest] = field(default_factory=list)


def find_groups(scopes: Iterable[Scope]) -> tuple[tuple[Group, ...], Mapping[str, str]]:
    """Find the groups of a graph.

    Args:
        scopes: The model's scope first, then those of the nested models in it.

    Returns:
        The groups, parents first, and for the id of each grouped call the id of its innermost
        group. In the whole graph and in each group, calls and child groups form no cycle, so
        that any mix of folded and open groups has none.
    """
    by_id: dict[str | None, Scope] = {scope.id: scope for scope in scopes}
    writer = _Writer(by_id)
    writer.write(by_id[None], writer.roots[None], _Draft("", "", "model", None, ()))
    return writer.finish()


_DEEPEST = 50
"""Levels that a name may give; what lies deeper stands in the last of them."""


def _nests(scope: Scope) -> _Nest:
    """The nests of a scope, under a root that holds all its items."""
    root = _Nest((), set(range(len(scope.items))))
    prefixes = [_prefix(item)[:_DEEPEST] for item in scope.items]
    if any(prefixes):
        wires = _Wires(scope, prefixes)
        root.children = wires.deal(sorted(root.items), 0)
        wires.adopt(root)
        wires.break_cycles(root)
    return root


def _prefix(item: Item) -> tuple[str, ...]:
    if item.kind == "input" or "__" not in item.name:
        return ()
    *prefix, leaf = item.name.split("__")
    return tuple(prefix) if leaf and all(prefix) else ()


class _Wires:
    """The items of one scope as positions and the edges between them."""

    def __init__(self, scope: Scope, prefixes: list[tuple[str, ...]]) -> None:
        self.items = scope.items
        self.prefixes = prefixes
        made_by = {t: i for i, item in enumerate(scope.items) for t in item.tensors_out}
        self.before = [
            sorted({made_by[t] for t in item.tensors_in if t in made_by}) for item in scope.items
        ]
        self.after: list[list[int]] = [[] for _ in scope.items]
        for item, producers in enumerate(self.before):
            for producer in producers:
                self.after[producer].append(item)

    def deal(self, members: list[int], depth: int) -> list[_Nest]:
        """Nests among the members by the part of their prefix at this depth."""
        buckets: dict[str, list[int]] = defaultdict(list)
        for member in members:
            if len(self.prefixes[member]) > depth:
                buckets[self.prefixes[member][depth]].append(member)
        nests = []
        for bucket in buckets.values():
            hands = self._hands(bucket)
            rest = sorted(set(bucket).difference(*hands))
            nests.extend(self.deal(rest, depth + 1))
            for hand in hands:
                inner = self.deal(hand, depth + 1)
                if len(hand) > 1 and self._connected(hand):
                    prefix = self.prefixes[hand[0]][: depth + 1]
                    nests.append(_Nest(prefix, set(hand), inner))
                else:
                    nests.extend(inner)
        return nests

    def _hands(self, bucket: list[int]) -> list[list[int]]:
        """Split the calls under one prefix into the calls of the block, in call order."""
        calls: dict[int, list[int]] = defaultdict(list)
        for member in bucket:
            calls[self.items[member].key].append(member)
        n = min(map(len, calls.values()))
        hands: list[list[int]] = [[] for _ in range(n)]
        for made in calls.values():
            share, rest = divmod(len(made), n)
            if rest:
                continue
            for k, hand in enumerate(hands):
                hand.extend(made[k * share : (k + 1) * share])
        return [sorted(hand) for hand in hands]

    def _connected(self, hand: list[int]) -> bool:
        """Whether the items hang together, by edges or by a common input."""
        members = {*hand, *self._bridges(set(hand))}
        parent: dict[int, int] = {}

        def find(x: int) -> int:
            while parent.setdefault(x, x) != x:
                parent[x] = x = parent[parent[x]]
            return x

        for member in members:
            find(member)
            # A tensor is told from an item by its sign; a tensor from outside joins those
            # that take it, one from a member joins them to that member.
            for tensor in self.items[member].tensors_in:
                parent[find(member)] = find(-tensor - 1)
            for tensor in self.items[member].tensors_out:
                parent[find(member)] = find(-tensor - 1)
        return len({find(member) for member in members}) == 1

    def _between(self, members: set[int]) -> set[int]:
        """Items that are no members and lie on a path from one member to another."""
        first, last = min(members), max(members)
        reached: set[int] = set()
        for item in range(first, last + 1):
            if any(p in reached or p in members for p in self.before[item]):
                reached.add(item)
        leading: set[int] = set()
        for item in range(last, first - 1, -1):
            if any(s in leading or s in members for s in self.after[item]):
                leading.add(item)
        return (reached & leading) - members

    def _bridges(self, members: set[int]) -> set[int]:
        """Operations without a prefix (``x + y``) between members; none if a layer is too."""
        between = self._between(members)
        plain = all(self.items[i].kind == "operation" and not self.prefixes[i] for i in between)
        return between if plain else set()

    def adopt(self, nest: _Nest) -> set[int]:
        """Take the operations between a nest's items into it; returns those taken anywhere."""
        taken: set[int] = set()
        for child in nest.children:
            child.items |= self._bridges(child.items) - taken
            child.items |= self.adopt(child) - taken
            taken |= child.items
        return taken

    def break_cycles(self, nest: _Nest) -> None:
        """Dissolve children, and theirs, until the nest's direct contents have no cycle."""
        while guilty := self._guilty(nest):
            nest.children = [
                kept
                for child in nest.children
                for kept in (child.children if child in guilty else [child])
            ]
        for child in nest.children:
            self.break_cycles(child)

    def _guilty(self, nest: _Nest) -> list[_Nest]:
        """The children to dissolve next: on a cycle, and not convex or else the smallest."""
        unit = {item: -item - 1 for item in nest.items}
        for number, child in enumerate(nest.children):
            unit.update(dict.fromkeys(child.items, number))
        before: dict[int, set[int]] = {u: set() for u in unit.values()}
        after: dict[int, set[int]] = {u: set() for u in unit.values()}
        for item in nest.items:
            for producer in self.before[item]:
                if producer in unit and unit[producer] != unit[item]:
                    before[unit[item]].add(unit[producer])
                    after[unit[producer]].add(unit[item])
        core = _trim(_trim(set(before), before, after), after, before)
        on_cycle = [child for number, child in enumerate(nest.children) if number in core]
        dented = [child for child in on_cycle if self._between(child.items)]
        return dented or sorted(on_cycle, key=lambda child: len(child.items))[:1]


def _trim(
    units: set[int], needs: Mapping[int, set[int]], feeds: Mapping[int, set[int]]
) -> set[int]:
    """The units that cannot be put in an order in which each follows what it needs."""
    left = set(units)
    missing = {u: len(needs[u] & left) for u in left}
    ready = [u for u in left if not missing[u]]
    while ready:
        unit = ready.pop()
        left.discard(unit)
        for later in feeds[unit]:
            if later in left:
                missing[later] -= 1
                if not missing[later]:
                    ready.append(later)
    return left


@dataclass
class _Draft:
    """A group before it is known how many calls of its block or model there are."""

    id: str
    label: str
    kind: Literal["block", "model"]
    parent: str | None
    same: tuple[object, ...]
    """Equal for the calls of one block or model."""
    calls: list[str] = field(default_factory=list)
    children: list[str] = field(default_factory=list)


class _Writer:
    """Writes nests and nested models as groups, parents first."""

    def __init__(self, scopes: Mapping[str | None, Scope]) -> None:
        self.scopes = scopes
        self.roots = {id_: _nests(scope) for id_, scope in scopes.items()}
        self.drafts: list[_Draft] = []
        self.taken = {item.id for scope in scopes.values() for item in scope.items}

    def write(self, scope: Scope, nest: _Nest, into: _Draft) -> None:
        """Write what lies directly in a nest, and what lies in that, and so on."""
        parent = into.id or None
        in_child = {item: child for child in nest.children for item in child.items}
        seen: Counter[str] = Counter()
        written: set[int] = set()
        for position in sorted(nest.items):
            item = scope.items[position]
            child = in_child.get(position)
            if child is None:
                if not item.opened:
                    into.calls.append(item.id)
                elif _holds_calls(self.scopes, item.id):
                    label = item.name.rsplit("__", 1)[-1] if nest.prefix else item.name
                    draft = _Draft(item.id, label, "model", parent, (item.key,))
                    self._add(draft, into, self.scopes[item.id], self.roots[item.id])
            elif id(child) not in written:
                written.add(id(child))
                # What is left of the prefix, as groups between may have been dissolved.
                own = "__".join(child.prefix[len(nest.prefix) :])
                start = f"{parent}/" if parent else ""
                id_ = self._free(f"{start}{own}__#{seen[own]}")
                seen[own] += 1
                same = (scope.model, child.prefix)
                draft = _Draft(id_, child.prefix[-1], "block", parent, same)
                self._add(draft, into, scope, child)

    def _add(self, draft: _Draft, into: _Draft, scope: Scope, nest: _Nest) -> None:
        into.children.append(draft.id)
        self.drafts.append(draft)
        self.write(scope, nest, draft)

    def _free(self, id_: str) -> str:
        while id_ in self.taken:
            id_ += "'"
        self.taken.add(id_)
        return id_

    def finish(self) -> tuple[tuple[Group, ...], Mapping[str, str]]:
        """The groups, and for each grouped call its innermost group."""
        counts = Counter(draft.same for draft in self.drafts)
        seen: Counter[object] = Counter()
        groups = []
        for draft in self.drafts:
            groups.append(
                Group(
                    id=draft.id,
                    label=draft.label,
                    kind=draft.kind,
                    parent=draft.parent,
                    calls=tuple(draft.calls),
                    children=tuple(draft.children),
                    index=seen[draft.same],
                    count=counts[draft.same],
                )
            )
            seen[draft.same] += 1
        return tuple(groups), {call: d.id for d in self.drafts for call in d.calls}


def _holds_calls(scopes: Mapping[str | None, Scope], id_: str) -> bool:
    """Whether a nested model has any call; one that hands its inputs on has none."""
    return any(_holds_calls(scopes, item.id) if item.opened else True for item in scopes[id_].items)
