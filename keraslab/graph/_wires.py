"""Edges that came or went between calls that are in both of two graphs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from keraslab.graph._data import Edge, Graph

Way = tuple[str, int, str]
"""The source, which of its outputs, and the target."""


@dataclass(frozen=True, slots=True)
class EdgeChanges:
    """The edges of one graph that the other does not have, though it has both ends."""

    removed: tuple[Edge, ...]
    """In the ids of the first graph."""
    added: tuple[Edge, ...]
    """In the ids of the second graph."""
    bridged: frozenset[Edge]
    """Those in whose place added calls, or removed ones, lie between the same two calls."""


def edge_changes(a: Graph, b: Graph, found: Mapping[str, str]) -> EdgeChanges:
    """Compare the edges between calls that are matched.

    At which of its inputs a call takes a tensor is not compared here.

    Args:
        a: The graph before.
        b: The graph after.
        found: For the id of each matched call of ``a``, the id in ``b``.
    """
    back = {there: here for here, there in found.items()}
    before = [e for e in a.edges if e.source in found and e.target in found]
    after = [e for e in b.edges if e.source in back and e.target in back]
    had = Counter((found[e.source], e.source_index, found[e.target]) for e in before)
    has = Counter(_way(e) for e in after)
    lost, got = had - has, has - had
    removed = _taken(before, lost, found)
    added = _taken(after, got, {id_: id_ for id_ in back})
    between = _bridges(b, set(back)), _bridges(a, set(found))
    bridged = [e for e in removed if (found[e.source], found[e.target]) in between[0]]
    bridged += [e for e in added if (back[e.source], back[e.target]) in between[1]]
    return EdgeChanges(tuple(removed), tuple(added), frozenset(bridged))


def _way(edge: Edge) -> Way:
    return edge.source, edge.source_index, edge.target


def _taken(edges: Iterable[Edge], wanted: Counter[Way], name: Mapping[str, str]) -> list[Edge]:
    """So many edges of each way as are wanted, the last ones first."""
    left = Counter(wanted)
    found = []
    for edge in reversed(list(edges)):
        way = (name[edge.source], edge.source_index, name[edge.target])
        if left[way] > 0:
            left[way] -= 1
            found.append(edge)
    return found[::-1]


def _bridges(graph: Graph, kept: set[str]) -> set[tuple[str, str]]:
    """Pairs of kept calls with a way from one to the other through calls that are not kept."""
    # The kept calls from which each other call is reached; a few for each are enough to tell.
    reached: dict[str, dict[str, None]] = defaultdict(dict)
    into: dict[str, list[str]] = defaultdict(list)
    for edge in graph.edges:
        into[edge.target].append(edge.source)
    pairs: set[tuple[str, str]] = set()
    for call in graph.calls:
        for source in into[call.id]:
            if source in kept:
                if call.id not in kept:
                    reached[call.id][source] = None
                continue
            if call.id in kept:
                pairs.update((start, call.id) for start in reached[source])
            elif len(reached[call.id]) < _MOST_STARTS:
                reached[call.id].update(reached[source])
    return pairs


_MOST_STARTS = 64
