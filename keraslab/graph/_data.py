"""A model as read-only data: calls, the edges between them, and the groups they form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from keraslab.graph._costs import Costs


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """The shape and dtype of one tensor; an unknown size is None."""

    shape: tuple[int | None, ...]
    dtype: str
    masked: bool = False
    """Whether a mask goes along with it, which says which steps are padding."""

    @property
    def text(self) -> str:
        """The shape as people write it, with ``?`` for an unknown size: ``? × 28 × 28 × 1``."""
        return " × ".join("?" if size is None else str(size) for size in self.shape) or "scalar"


@dataclass(frozen=True, slots=True)
class Weight:
    """One variable of a layer."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    trainable: bool
    key: int
    """Equal for two weights exactly when they are the same variable."""

    @property
    def size(self) -> int:
        """The number of values in it."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class CodeLine:
    """The line of code that made a call."""

    place: str
    """Where it stands, as people say it: ``cell [3]``."""
    number: int
    text: str


@dataclass(frozen=True)
class Call:
    """One application of a layer or operation.

    A layer called twice gives two calls with the same ``layer``. A call inside a nested
    model has the nested model's call in its id: ``encoder#1/dense#0``.
    """

    id: str
    name: str
    type: str
    kind: Literal["input", "layer", "operation"]
    layer: str
    """Equal for two calls exactly when the same layer or operation was applied."""
    index: int
    """Which call of ``layer`` in this graph, from 0."""
    count: int
    """How many calls of ``layer`` this graph holds."""
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    arguments: tuple[str, ...]
    """Constants and settings of this call as short text, such as ``axis=-1`` or ``2.0``."""
    weights: tuple[Weight, ...]
    macs: int | None
    """Multiply-accumulates of this call for one sample; None where unknown."""
    group: str | None
    """The id of the innermost group it belongs to."""
    operation: Any = field(repr=False, compare=False)
    """The Keras layer or operation itself."""
    node: Any = field(default=None, repr=False, compare=False)
    """Keras' own record of the call, where it has one."""
    rows: int | None = 1
    """How many entries along the first axis belong to one sample: the steps, inside a
    ``TimeDistributed``; None where unknown."""
    weights_known: bool = True
    """Whether ``weights`` are those of the layer; not where a file's class is not known here."""
    line: CodeLine | None = field(default=None, compare=False)
    """The line of code that made it, where ``%%lens`` or ``watch`` recorded it."""

    @property
    def shared(self) -> bool:
        """Whether the layer is called more than once in this graph."""
        return self.count > 1

    @property
    def params(self) -> int:
        """The number of weight values of the layer."""
        return sum(weight.size for weight in self.weights)

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """The layer's own ``get_config()``; empty where the layer has none."""
        from keraslab.graph._read import config_of

        return config_of(self.operation)


def call_with(before: Call | None = None, **fields: Any) -> Call:
    """A call of these fields, in less than half the time: its constructor sets each by itself.

    Args:
        before: A call with the fields that are not given; None where all are.
        **fields: The fields.
    """
    call = object.__new__(Call)
    known = vars(call)
    if before is not None:
        known.update(vars(before))
        # What was worked out from the fields before is not theirs.
        known.pop("config", None)
    known.update(fields)
    return call


@dataclass(frozen=True, slots=True)
class Edge:
    """One tensor that goes from one call to an argument of another."""

    source: str
    source_index: int
    """Which output of the source call."""
    target: str
    target_index: int
    """Which input of the target call."""
    spec: TensorSpec
    key: str | None = None
    """The dict key or keyword under which the target receives it, where there is one."""


@dataclass(frozen=True, slots=True)
class Group:
    """Calls that belong together: one call of a block or nested model, or alike parts in a row."""

    id: str
    label: str
    """The innermost name, such as ``encoder``."""
    kind: Literal["block", "model", "repeat"]
    parent: str | None
    calls: tuple[str, ...]
    """Ids of the calls directly in it; those of child groups are not repeated."""
    children: tuple[str, ...]
    index: int
    """Which call of the block or model, from 0."""
    count: int
    """How many calls of it the graph holds."""
    times: int = 1
    """Of a repeat, how many alike parts it holds one after the other."""


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output of the model."""

    key: str | None
    """The dict key, where the model's inputs or outputs are a dict."""
    call: str
    index: int
    """Which output of the call."""
    spec: TensorSpec


@dataclass(frozen=True)
class Graph:
    """A Functional model as data.

    ``calls`` come in an order in which every edge points forward. ``groups`` come parents
    first, and folding any of them, in any combination, never makes a cycle.
    """

    name: str
    calls: tuple[Call, ...]
    edges: tuple[Edge, ...]
    groups: tuple[Group, ...]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    skeleton: bool = False
    """Whether the model was built without allocating its weights."""

    @cached_property
    def call_by_id(self) -> Mapping[str, Call]:
        """Every call under its id."""
        return {call.id: call for call in self.calls}

    @cached_property
    def group_by_id(self) -> Mapping[str, Group]:
        """Every group under its id."""
        return {group.id: group for group in self.groups}

    @cached_property
    def calls_inside(self) -> Mapping[str, list[Call]]:
        """The calls in every group, those of its child groups too."""
        inside: dict[str, list[Call]] = {group.id: [] for group in self.groups}
        for call in self.calls:
            at = call.group
            while at is not None:
                inside[at].append(call)
                at = self.group_by_id[at].parent
        return inside

    @cached_property
    def edges_from(self) -> Mapping[str, tuple[Edge, ...]]:
        """For each call, the edges that leave it."""
        return self._grouped([(edge.source, edge) for edge in self.edges])

    @cached_property
    def edges_into(self) -> Mapping[str, tuple[Edge, ...]]:
        """For each call, the edges that arrive, in the order of its inputs."""
        return self._grouped([(edge.target, edge) for edge in self.edges])

    def _grouped(self, pairs: list[tuple[str, Edge]]) -> dict[str, tuple[Edge, ...]]:
        found: dict[str, list[Edge]] = {call.id: [] for call in self.calls}
        for call, edge in pairs:
            found[call].append(edge)
        return {
            call: tuple(sorted(edges, key=lambda edge: edge.target_index))
            for call, edges in found.items()
        }

    @cached_property
    def weights(self) -> tuple[Weight, ...]:
        """Every weight once, however often its layer is called."""
        return tuple({w.key: w for call in self.calls for w in call.weights}.values())

    @property
    def params(self) -> int:
        """The number of weight values; a shared layer counts once."""
        return sum(weight.size for weight in self.weights)

    @property
    def trainable_params(self) -> int:
        """The number of weight values that training changes."""
        return sum(weight.size for weight in self.weights if weight.trainable)

    @property
    def macs(self) -> int | None:
        """Multiply-accumulates for one sample, every call counted; None if any is unknown."""
        return None if self.unknown_macs else self.known_macs

    @property
    def known_macs(self) -> int:
        """The sum over the calls whose multiply-accumulates are known."""
        return sum(call.macs or 0 for call in self.calls)

    @property
    def unknown_macs(self) -> tuple[str, ...]:
        """Ids of the calls whose multiply-accumulates are unknown."""
        return tuple(call.id for call in self.calls if call.macs is None)

    @property
    def unknown_params(self) -> tuple[str, ...]:
        """Ids of the calls whose weights are unknown; ``params`` does not count them."""
        return tuple(call.id for call in self.calls if not call.weights_known)

    @cached_property
    def costs(self) -> Costs:
        """Memory and receptive field of each call; worked out when first asked for."""
        from keraslab.graph._costs import costs_of

        return costs_of(self)
