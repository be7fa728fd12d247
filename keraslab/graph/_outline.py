"""What each group of a graph holds, in an order in which any stretch of it may be folded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from keraslab.graph._data import Edge, Group

SETTINGS = ("kernel_size", "strides", "pool_size", "dilation_rate", "groups", "activation")
"""What must be equal for two layers to be alike."""
WIDTHS = ("filters", "units")
"""What must be equal for two layers to be of the same width too."""
_NO_WIDTHS = (None,) * len(WIDTHS)
_AUTOMATIC = re.compile(r"(functional|sequential|model)(_\d+)?")


class Drafted(Protocol):
    """A call as it was read."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> Literal["input", "layer", "operation"]: ...
    @property
    def inputs(self) -> Sequence[object]: ...
    @property
    def macs(self) -> int | None: ...
    @property
    def operation(self) -> Any: ...


class Wire(NamedTuple):
    """A tensor that a unit takes from an earlier one."""

    source: int
    """The position of the unit that makes it."""
    tensor: tuple[str, int]
    """The call that makes it, and which output of that call."""
    slot: int
    """Which input of the call that takes it."""


class Unit(NamedTuple):
    """A call or a group as one thing in what is around it."""

    id: str
    name: str | None
    """The name a person gave it; None for one that Keras made up."""
    type: str
    alike: int
    """Equal for two units exactly when they are alike, of whatever width."""
    same: int
    """Equal for two units exactly when they are alike and of the same width."""
    group: bool
    heavy: bool
    """Whether it multiplies, as a convolution does and an activation does not."""
    place: int
    """The position of its first call in the graph."""


@dataclass(eq=False)
class Outline:
    """The units directly in one group, or in none, producers first.

    Every stretch of the order is convex: no path leaves it and comes back. Stretches that do
    not overlap, or lie in one another, can therefore be folded in any mix without a cycle.
    """

    units: list[Unit] = field(default_factory=list)
    wires: list[tuple[Wire, ...]] = field(default_factory=list)
    """For each unit, what it takes from others of these."""
    entering: list[tuple[tuple[str, int], ...]] = field(default_factory=list)
    """For each unit, the tensors it takes from elsewhere."""


class Numbers:
    """Gives equal things equal numbers."""

    def __init__(self) -> None:
        self._known: dict[object, int] = {}
        self._structures: dict[tuple[int, int, int, bool], int] = {}

    def of(self, thing: object) -> int:
        """The number of a thing."""
        return self._known.setdefault(thing, len(self._known))

    def structure(self, outline: Outline, first: int, last: int, width: bool) -> int:
        """The number of a stretch of units: equal where units and wiring are alike.

        Args:
            outline: Where the units are.
            first: The position of the first unit.
            last: The position after the last.
            width: Whether they must be of the same width too.
        """
        asked = (id(outline), first, last, width)
        number = self._structures.get(asked)
        if number is None:
            number = self._structures[asked] = self._structure(outline, first, last, width)
        return number

    def _structure(self, outline: Outline, first: int, last: int, width: bool) -> int:
        known = self._known
        units, wires = outline.units, outline.wires
        found: list[int] = []
        for position in range(first, last):
            unit = units[position]
            key: tuple[int, ...] = (unit.same if width else unit.alike,)
            for source, _, slot in wires[position]:
                if source >= first:
                    key += (slot, found[source - first])
            found.append(known.setdefault(key, len(known)))
        found.sort()
        return self.of((None, *found))


def outlines(
    calls: Sequence[Drafted],
    edges: Iterable[Edge],
    groups: Sequence[Group],
    group_of: Mapping[str, str],
    numbers: Numbers,
) -> dict[str | None, Outline]:
    """The outline of each group, and under None that of the whole.

    Args:
        calls: The calls, producers first.
        edges: The edges between them.
        groups: The groups, parents first.
        group_of: The innermost group of each grouped call.
        numbers: Gives alike units equal numbers.
    """
    parents: dict[str, str | None] = {group.id: group.parent for group in groups}
    parents.update({call.id: group_of.get(call.id) for call in calls})
    depth: dict[str | None, int] = {None: 0}
    for id_, parent in parents.items():  # groups come first among them, parents before children
        depth[id_] = depth[parent] + 1
    held: dict[str | None, list[str]] = {None: [], **{group.id: [] for group in groups}}
    place: dict[str, int] = {}
    for number, call in enumerate(calls):
        at: str | None = call.id
        while at is not None and at not in place:
            place[at] = number
            held[parents[at]].append(at)
            at = parents[at]
    taken: dict[str, list[tuple[str, tuple[str, int], int]]] = {}
    entering: dict[str, list[tuple[str, int]]] = {}
    for edge in edges:
        source, target = edge.source, edge.target
        tensor = (edge.source, edge.source_index)
        while parents[source] != parents[target]:
            if depth[source] >= depth[target]:
                source = parents[source] or ""
            else:
                entering.setdefault(target, []).append(tensor)
                target = parents[target] or ""
        if source != target:
            taken.setdefault(target, []).append((source, tensor, edge.target_index))
    units = {call.id: _unit(call, place[call.id], numbers) for call in calls}
    found: dict[str | None, Outline] = {}
    for group in reversed(groups):  # children first
        if group.id not in place:
            continue
        outline = found[group.id] = _ordered(held[group.id], taken, entering, units)
        size = len(outline.units)
        units[group.id] = Unit(
            id=group.id,
            name=None if _AUTOMATIC.fullmatch(group.label) else group.label,
            type=group.label,
            alike=numbers.of((group.kind, numbers.structure(outline, 0, size, width=False))),
            same=numbers.of((group.kind, numbers.structure(outline, 0, size, width=True))),
            group=True,
            heavy=any(unit.heavy for unit in outline.units),
            place=place[group.id],
        )
    found[None] = _ordered(held[None], taken, entering, units)
    return found


def _unit(call: Drafted, place: int, numbers: Numbers) -> Unit:
    operation = call.operation
    type_ = type(operation).__name__
    name = str(operation.name)
    settings = getattr(operation, "__dict__", {})
    wrapped = type(settings["layer"]).__name__ if "layer" in settings else None
    shared = tuple(map(settings.get, SETTINGS))
    widths = tuple(map(settings.get, WIDTHS))
    try:
        alike = numbers.of((type_, len(call.inputs), wrapped, shared))
        hash(widths)
    except TypeError:  # lists and the like
        shared, widths = tuple(map(_setting, shared)), tuple(map(_setting, widths))
        alike = numbers.of((type_, len(call.inputs), wrapped, shared))
    return Unit(
        call.id,
        None if is_automatic(name, type_) else name,
        type_,
        alike,
        alike if widths == _NO_WIDTHS else numbers.of((alike, widths)),
        False,
        bool(call.macs),
        place,
    )


def is_automatic(name: str, type_: str) -> bool:
    """Whether Keras made the name from the type: ``conv2d_transpose_1``."""
    if name[:1] not in (type_[:1].lower(), "_"):
        return False
    return name.rstrip("0123456789").replace("_", "") == type_.lower()


def _setting(value: Any) -> object:
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, tuple | list):
        return tuple([_setting(part) for part in value])
    return getattr(value, "__name__", None) or type(value).__name__


def _ordered(
    held: Sequence[str],
    taken: Mapping[str, Sequence[tuple[str, tuple[str, int], int]]],
    entering: Mapping[str, Sequence[tuple[str, int]]],
    units: Mapping[str, Unit],
) -> Outline:
    """The units, each just before the first that needs it, so that a branch stays together."""
    position: dict[str, int] = {}
    outline = Outline()
    feeding = {wire[0] for id_ in held for wire in taken.get(id_, ())}
    started: set[str] = set()
    for sink in held:
        if sink in feeding:
            continue
        stack = [sink]
        while stack:
            id_ = stack[-1]
            wires = taken.get(id_, ())
            if id_ not in started:
                started.add(id_)
                if len(wires) > 1:
                    wires = sorted(wires, key=_slot, reverse=True)
                before = [wire[0] for wire in wires if wire[0] not in started]
                if before:
                    stack += before
                    continue
            stack.pop()
            if id_ not in position:
                position[id_] = len(outline.units)
                outline.units.append(units[id_])
                outline.entering.append(tuple(entering[id_]) if id_ in entering else ())
                found = [Wire(position[source], tensor, slot) for source, tensor, slot in wires]
                if len(found) > 1:
                    found.sort(key=_slot)
                outline.wires.append(tuple(found))
    return outline


def _slot(wire: tuple[object, object, int]) -> int:
    return wire[2]
