"""What differs between two calls that are matched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from keraslab.graph._data import Call, TensorSpec
from keraslab.graph._facts import Facts, Wire, shown

_ABSENT = object()

Kind = Literal["setting", "argument", "trainable", "sharing", "wiring", "port", "shape", "weights"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs between a call and the call it is matched with."""

    kind: Kind
    what: str
    """What it is about: a setting's name, an argument, ``shape``, ``trainable``, ``shared``."""
    old: str
    new: str

    @property
    def text(self) -> str:
        """As a line: ``filters 32 → 64``."""
        return f"{self.what} {self.old} → {self.new}"


@dataclass(frozen=True)
class CallChange:
    """One call that is in both graphs and is not the same."""

    before: Call
    after: Call
    differences: tuple[Difference, ...]

    @property
    def only_sizes(self) -> bool:
        """Whether nothing but sizes changed, which follows from a change before this call."""
        return all(d.kind in ("shape", "weights") for d in self.differences)


class Comparison:
    """Compares matched calls."""

    def __init__(self, a: Sequence[Facts], b: Sequence[Facts], found: Mapping[int, int]) -> None:
        self.a, self.b, self.found = a, b, found
        self.back = {j: i for i, j in found.items()}
        self.shared_a = _shared(a, {i: i for i in found})
        self.shared_b = _shared(b, self.back)

    def changes(self) -> tuple[CallChange, ...]:
        """The changed calls, in the order of the second graph."""
        changes = []
        for j, i in sorted(self.back.items()):
            differences = tuple(self._differences(i, j))
            if differences:
                changes.append(CallChange(self.a[i].call, self.b[j].call, differences))
        return tuple(changes)

    def _differences(self, i: int, j: int) -> Iterator[Difference]:
        a, b = self.a[i], self.b[j]
        yield from _values("setting", a.settings, b.settings)
        yield from _values("argument", a.constants, b.constants)
        if a.trainable != b.trainable and a.trainable and b.trainable:
            yield Difference("trainable", "trainable", a.trainable, b.trainable)
        if self.shared_a[i] != self.shared_b[j]:
            old, new = self._with(self.a, i, self.shared_a), self._with(self.b, j, self.shared_b)
            yield Difference("sharing", "shared", old, new)
        yield from self._wiring(a.wires, b.wires)
        yield from self._ports(a.ports, b.ports)
        if a.call.outputs != b.call.outputs:
            yield from _shapes(a.call.outputs, b.call.outputs)
        elif _weights(a.call) != _weights(b.call):
            yield Difference("weights", "weights", f"{a.call.params:,}", f"{b.call.params:,}")

    def _with(self, facts: Sequence[Facts], at: int, shared: Mapping[int, frozenset[int]]) -> str:
        in_a = facts is self.a
        others = sorted(shared[at] - {at if in_a else self.back[at]})
        calls = [facts[o if in_a else self.found[o]].call for o in others]
        if not calls:
            return "with no other call"
        return "with " + _names(calls)

    def _wiring(self, a: Sequence[Wire], b: Sequence[Wire]) -> Iterator[Difference]:
        there = {wire.slot: wire for wire in b}
        here = {wire.slot: wire for wire in a}
        for slot in sorted({*here, *there}):
            old, new = here.get(slot), there.get(slot)
            if old is not None and new is not None:
                other = self.found.get(old.source)
                if other == new.source and old.output == new.output:
                    continue
                # A call put in between, or taken out, is said once: where it was put or taken.
                if other is None or new.source not in self.back:
                    continue
            what = f"input {slot}" if slot else "input"
            yield Difference("wiring", what, _source(self.a, old), _source(self.b, new))

    def _ports(self, a: Sequence[str], b: Sequence[str]) -> Iterator[Difference]:
        if a == b:
            return
        in_a = {port: i for i, facts in enumerate(self.a) for port in facts.ports}
        in_b = {port: j for j, facts in enumerate(self.b) for port in facts.ports}
        old = [p for p in a if p not in b and (p not in in_b or in_b[p] in self.back)]
        new = [p for p in b if p not in a and (p not in in_a or in_a[p] in self.found)]
        if old or new:
            yield Difference("port", "model's", _ports_text(old), _ports_text(new))


def _values(kind: Kind, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted({*old, *new}):
        before, after = old.get(name, _ABSENT), new.get(name, _ABSENT)
        if before is not after and before != after:
            texts = ["not given" if v is _ABSENT else shown(v) for v in (before, after)]
            what = f"argument {name}" if kind == "argument" else name
            yield Difference(kind, what, texts[0], texts[1])


def _shared(facts: Sequence[Facts], name: Mapping[int, int]) -> dict[int, frozenset[int]]:
    """For each matched call, the matched calls of its layer, by their position in ``a``."""
    calls: dict[str, list[int]] = defaultdict(list)
    for at in name:
        if facts[at].call.kind == "layer":
            calls[facts[at].call.layer].append(at)
    found = {at: frozenset[int]() for at in name}
    for together in calls.values():
        if len(together) > 1:
            found.update(dict.fromkeys(together, frozenset(name[at] for at in together)))
    return found


def _names(calls: Sequence[Call]) -> str:
    names = [call.id for call in calls[:3]]
    return ", ".join(names) + (f" and {len(calls) - 3} more" if len(calls) > 3 else "")


def _source(facts: Sequence[Facts], wire: Wire | None) -> str:
    if wire is None:
        return "none"
    call = facts[wire.source].call
    return f"from {call.id}" + (f" output {wire.output}" if wire.output else "")


def _ports_text(ports: Sequence[str]) -> str:
    return ", ".join(ports) or "neither input nor output"


def _shapes(old: Sequence[TensorSpec], new: Sequence[TensorSpec]) -> Iterator[Difference]:
    shapes = [", ".join(spec.text for spec in specs) for specs in (old, new)]
    if shapes[0] != shapes[1]:
        yield Difference("shape", "shape", *shapes)
    dtypes = [", ".join(spec.dtype for spec in specs) for specs in (old, new)]
    if dtypes[0] != dtypes[1]:
        yield Difference("shape", "dtype", *dtypes)
    masks = [", ".join("yes" if s.masked else "no" for s in specs) for specs in (old, new)]
    if masks[0] != masks[1]:
        yield Difference("shape", "masked", *masks)


def _weights(call: Call) -> tuple[tuple[tuple[int, ...], str], ...]:
    return tuple((weight.shape, weight.dtype) for weight in call.weights)
