"""What changed between two models, whatever their layers are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from keraslab.graph._compare import CallChange, Comparison, Difference
from keraslab.graph._data import Call, Edge, Graph
from keraslab.graph._facts import facts_of, without_counters
from keraslab.graph._match import match
from keraslab.graph._merge import merged
from keraslab.graph._read import read_graph
from keraslab.graph._wires import EdgeChanges, edge_changes

Status = Literal["same", "added", "removed", "changed"]

__all__ = ["CallChange", "Difference", "GraphDiff", "Status", "Total", "diff"]


@dataclass(frozen=True, slots=True)
class Total:
    """One number of the whole model, before and after; None where it is unknown."""

    name: str
    a: int | None
    b: int | None

    @property
    def difference(self) -> int | None:
        """How much it grew; None where it is unknown."""
        return None if self.a is None or self.b is None else self.b - self.a


@dataclass(frozen=True)
class GraphDiff:
    """What changed from graph ``a`` to graph ``b``; falsy when nothing did.

    ``print(...)`` it, or leave it as the last line of a cell.
    """

    a: Graph
    b: Graph
    added: tuple[Call, ...]
    """Calls that only ``b`` holds."""
    removed: tuple[Call, ...]
    """Calls that only ``a`` holds."""
    changed: tuple[CallChange, ...]
    """Calls of both with other settings, arguments, sizes, wiring or sharing."""
    renamed: tuple[tuple[Call, Call], ...]
    """Calls of both with another name, counted-up numbers apart; alone, that is no change."""
    matches: Mapping[str, str] = field(repr=False)
    """For the id of each call of ``a`` that is also in ``b``, its id there."""

    def __bool__(self) -> bool:
        changed = any(total.a != total.b for total in self.totals)
        edges = self.edges_added or self.edges_removed
        return bool(self.added or self.removed or self.changed or edges) or changed

    @property
    def edges_added(self) -> tuple[Edge, ...]:
        """Edges of ``b`` between two calls of both that had none in ``a``."""
        return self._edges.added

    @property
    def edges_removed(self) -> tuple[Edge, ...]:
        """Edges of ``a`` between two calls of both that have none in ``b``."""
        return self._edges.removed

    @cached_property
    def _edges(self) -> EdgeChanges:
        return edge_changes(self.a, self.b, self.matches)

    @cached_property
    def totals(self) -> tuple[Total, ...]:
        """Calls, parameters, trainable parameters and MACs of both."""
        a, b = self.a, self.b
        return (
            Total("calls", len(a.calls), len(b.calls)),
            Total("parameters", *[None if g.unknown_params else g.params for g in (a, b)]),
            Total("trainable", *[None if g.unknown_params else g.trainable_params for g in (a, b)]),
            Total("MACs", a.macs, b.macs),
        )

    @property
    def graph(self) -> Graph:
        """One graph that holds the calls of both; its totals mean nothing."""
        return self._merged[0]

    @cached_property
    def status(self) -> Mapping[str, Status]:
        """What became of each call of ``graph``, by its id there."""
        ids = self._merged[1]
        status: dict[str, Status] = {call.id: "same" for call in self.graph.calls}
        status.update({change.after.id: "changed" for change in self.changed})
        status.update({call.id: "added" for call in self.added})
        status.update({ids[call.id]: "removed" for call in self.removed})
        return status

    @cached_property
    def edge_status(self) -> Mapping[int, Literal["added", "removed"]]:
        """Which edges of ``graph``, by their place there, only one of the two graphs has.

        Edges that came or went with a call at their end are not among them; neither is one that
        would close a cycle in the graph of both.
        """
        b, ids = self.b.edges, self._merged[1]
        added = {id(edge) for edge in self.edges_added}
        status: dict[int, Literal["added", "removed"]] = {
            place: "added" for place, edge in enumerate(b) if id(edge) in added
        }
        gone = {
            (ids[edge.source], edge.source_index, ids[edge.target]) for edge in self.edges_removed
        }
        for place, edge in enumerate(self.graph.edges):
            way = (edge.source, edge.source_index, edge.target)
            if place >= len(b) and way in gone:
                status[place] = "removed"
        return status

    @cached_property
    def _merged(self) -> tuple[Graph, dict[str, str]]:
        return merged(self.a, self.b, self.matches, self.edges_removed)

    def __str__(self) -> str:
        from keraslab.graph._diff_text import diff_text

        return diff_text(self)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from keraslab.graph._diff_text import diff_html

        return diff_html(self)


def diff(a: Any, b: Any) -> GraphDiff:
    """Compare two models by their structure, whatever their layers are called.

    A call is added, removed or changed. Changed are its settings, the arguments of the call,
    what is trained, which calls share its weights, where its inputs come from, its sizes.
    Layers that only have other names, and models that are only cut into other blocks or nested
    models, are no change: a rewritten model can be compared with the first one. Where names
    differ by more than the number that Keras counts up, they are listed under ``renamed``.
    Values of weights are not compared.

    Args:
        a: The model before; a ``Graph``, or anything ``read_graph`` takes.
        b: The model after.

    Returns:
        A ``GraphDiff``, falsy when nothing changed; it prints as text and shows as a table.

    Raises:
        ModelError: One of them cannot be read as a graph.

    Example:
        >>> import keras
        >>> def build(units):
        ...     x = keras.Input((8,))
        ...     return keras.Model(x, keras.layers.Dense(2)(keras.layers.Dense(units)(x)))
        >>> bool(diff(build(4), build(4)))
        False
        >>> found = diff(build(4), build(16))
        >>> [difference.text for difference in found.changed[0].differences]
        ['units 4 → 16', 'shape ? × 4 → ? × 16']
    """
    graphs = [one if isinstance(one, Graph) else read_graph(one) for one in (a, b)]
    before, after = facts_of(graphs[0]), facts_of(graphs[1])
    found = match(before, after)
    calls = [graph.calls for graph in graphs]
    matched = set(found.values())
    pairs = sorted(((i, j) for i, j in found.items()), key=lambda pair: pair[1])
    return GraphDiff(
        a=graphs[0],
        b=graphs[1],
        added=tuple([call for j, call in enumerate(calls[1]) if j not in matched]),
        removed=tuple([call for i, call in enumerate(calls[0]) if i not in found]),
        changed=Comparison(before, after, found).changes(),
        renamed=tuple([(calls[0][i], calls[1][j]) for i, j in pairs if _renamed(calls, i, j)]),
        matches={calls[0][i].id: calls[1][j].id for i, j in pairs},
    )


def _renamed(calls: list[tuple[Call, ...]], i: int, j: int) -> bool:
    return without_counters(calls[0][i].name) != without_counters(calls[1][j].name)
