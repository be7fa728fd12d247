"""One graph that holds the calls of two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from heapq import heappop, heappush

from keraslab.graph._data import Call, Edge, Graph, Group


def merged(
    a: Graph, b: Graph, found: Mapping[str, str], lost: Sequence[Edge] = ()
) -> tuple[Graph, dict[str, str]]:
    """Put the calls and edges that only ``a`` holds into ``b``.

    Args:
        a: The graph before.
        b: The graph after.
        found: For the id of each matched call of ``a``, the id in ``b``.
        lost: Edges of ``a`` between matched calls that ``b`` does not have; they come last, and
            one that would close a cycle is left out.

    Returns:
        The graph, in which folding makes no cycle, and for each id in ``a`` the id there.
    """
    gone = [call for call in a.calls if call.id not in found]
    if not gone and not lost:
        return replace(b, name=_name(a, b)), dict(found)
    used = {*b.call_by_id, *b.group_by_id}
    new = dict(found)
    for call in gone:
        new[call.id] = _free(f"{call.id} (before)", used)
    layers = _layers(a, b, gone, found)
    group_in_b = _groups_in(a, b, found)
    ids = {new[call.id] for call in gone}
    edges = [
        replace(edge, source=new[edge.source], target=new[edge.target])
        for edge in a.edges
        if new[edge.source] in ids or new[edge.target] in ids
    ]
    order = _side_by_side(a, b, new)
    caught = _on_cycles(order, [(e.source, e.target) for e in (*b.edges, *edges)])
    # A way back into what is kept closes every cycle there can be.
    edges = [e for e in edges if not (e.source in caught and e.target in caught - ids)]
    old = [replace(edge, source=new[edge.source], target=new[edge.target]) for edge in lost]
    caught = _on_cycles(order, [(e.source, e.target) for e in (*b.edges, *edges, *old)])
    old = [e for e in old if not (e.source in caught and e.target in caught)]
    wires = (*b.edges, *edges, *old)
    order = _forward(order, [(e.source, e.target) for e in wires])
    groups = _places(b, order, edges, {new[c.id]: group_in_b.get(c.group) for c in gone})
    by_id = dict(b.call_by_id) | {
        new[call.id]: replace(
            call, id=new[call.id], layer=layers[call.layer], group=groups[new[call.id]]
        )
        for call in gone
    }
    calls = tuple([by_id[id_] for id_ in order])
    return _regrouped(replace(b, name=_name(a, b), calls=calls, edges=wires)), new


def _name(a: Graph, b: Graph) -> str:
    return b.name if a.name == b.name else f"{a.name} → {b.name}"


def _free(id_: str, used: set[str]) -> str:
    while id_ in used:
        id_ += "'"
    used.add(id_)
    return id_


def _layers(a: Graph, b: Graph, gone: Iterable[Call], found: Mapping[str, str]) -> dict[str, str]:
    """For each layer of the removed calls its name in ``b``, or a name of its own."""
    used = {call.layer for call in b.calls}
    layers: dict[str, str] = {}
    for call in a.calls:
        if call.id in found:
            layers.setdefault(call.layer, b.call_by_id[found[call.id]].layer)
    for call in gone:
        if call.layer not in layers:
            layers[call.layer] = _free(f"{call.layer} (before)", used)
    return layers


def _groups_in(a: Graph, b: Graph, found: Mapping[str, str]) -> dict[str | None, str | None]:
    """For each group of ``a``, the group of ``b`` that holds most of its matched calls."""
    votes: dict[str | None, dict[str | None, int]] = defaultdict(lambda: defaultdict(int))
    for call in a.calls:
        if call.group is not None and call.id in found:
            votes[call.group][b.call_by_id[found[call.id]].group] += 1
    groups: dict[str | None, str | None] = {None: None}
    for group in a.groups:
        best = votes[group.id]
        if best:
            groups[group.id] = max(best, key=lambda g: best[g])
        else:
            groups[group.id] = groups.get(group.parent)
    return groups


def _places(
    b: Graph, order: Sequence[str], edges: Iterable[Edge], voted: Mapping[str, str | None]
) -> dict[str, str | None]:
    """The group for each removed call: what lies between two calls of a group is in it too."""
    paths = _paths(b.groups)
    path_of = {call.id: paths[call.group] for call in b.calls}
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        before[edge.target].append(edge.source)
        after[edge.source].append(edge.target)
    ends = []
    for ids, beside in ((order, before), (order[::-1], after)):
        end: dict[str, tuple[str, ...]] = {}
        for id_ in ids:
            if id_ in voted:
                near = [end[i] if i in voted else path_of[i] for i in beside[id_]]
                end[id_] = _common(near)
        ends.append(end)
    places: dict[str, str | None] = {}
    for id_, vote in voted.items():
        between = _common([ends[0][id_], ends[1][id_]])
        deep = paths[vote][: len(between)] == between
        places[id_] = vote if deep else between[-1]
    return places


def _common(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """What all paths begin with."""
    shortest = min(paths, key=len, default=())
    for at, part in enumerate(shortest):
        if any(path[at] != part for path in paths):
            return shortest[:at]
    return shortest


def _paths(groups: Iterable[Group]) -> dict[str | None, tuple[str, ...]]:
    """For each group, the groups it lies in from the outside in, and itself."""
    paths: dict[str | None, tuple[str, ...]] = {None: ()}
    for group in groups:
        paths[group.id] = (*paths[group.parent], group.id)
    return paths


def _on_cycles(ids: Sequence[str], wires: Sequence[tuple[str, str]]) -> set[str]:
    """Those that lie on a cycle, or between two of them."""
    late = set(ids) - set(_forward(ids, wires))
    within = [(target, source) for source, target in wires if source in late and target in late]
    return late - set(_forward(sorted(late), within))


def _forward(ids: Sequence[str], wires: Iterable[tuple[str, str]]) -> list[str]:
    """What can be put in an order in which every wire points forward; first ones first."""
    rank = {id_: at for at, id_ in enumerate(ids)}
    after: dict[str, list[str]] = defaultdict(list)
    missing = dict.fromkeys(ids, 0)
    for source, target in wires:
        after[source].append(target)
        missing[target] += 1
    ready = [rank[id_] for id_ in ids if not missing[id_]]
    ordered: list[str] = []
    while ready:
        at = ids[heappop(ready)]
        ordered.append(at)
        for target in after[at]:
            missing[target] -= 1
            if not missing[target]:
                heappush(ready, rank[target])
    return ordered


def _side_by_side(a: Graph, b: Graph, new: Mapping[str, str]) -> list[str]:
    """The calls of ``b``, and behind each what only ``a`` holds and follows it there."""
    behind: dict[str, list[str]] = defaultdict(list)
    last = ""
    for call in a.calls:
        if new[call.id] in b.call_by_id:
            last = new[call.id]
        else:
            behind[last].append(new[call.id])
    return [*behind[""], *(i for call in b.calls for i in (call.id, *behind[call.id]))]


def _regrouped(graph: Graph) -> Graph:
    """The graph with its groups filled anew; groups that would make a cycle are dissolved."""
    groups = {group.id: group for group in graph.groups}
    group_of = {call.id: call.group for call in graph.calls}
    while guilty := _guilty(graph, groups, group_of):
        for id_ in guilty:
            parent = groups.pop(id_).parent
            group_of.update({c: parent for c, g in group_of.items() if g == id_})
            groups.update(
                {g.id: replace(g, parent=parent) for g in groups.values() if g.parent == id_}
            )
    inside: dict[str | None, list[str]] = defaultdict(list)
    below: dict[str | None, list[str]] = defaultdict(list)
    for call in graph.calls:
        inside[group_of[call.id]].append(call.id)
    for group in groups.values():
        below[group.parent].append(group.id)
    return replace(
        graph,
        calls=tuple([replace(call, group=group_of[call.id]) for call in graph.calls]),
        groups=tuple(
            [
                replace(g, calls=tuple(inside[g.id]), children=tuple(below[g.id]))
                for g in groups.values()
            ]
        ),
    )


def _guilty(
    graph: Graph, groups: Mapping[str, Group], group_of: Mapping[str, str | None]
) -> set[str]:
    """Groups on a cycle when the groups beside them are folded."""
    paths = _paths(groups.values())
    wires: dict[str | None, set[tuple[str, str]]] = defaultdict(set)
    for edge in graph.edges:
        source = (*paths[group_of[edge.source]], edge.source)
        target = (*paths[group_of[edge.target]], edge.target)
        depth = 0
        while source[depth] == target[depth]:
            depth += 1
        wires[source[depth - 1] if depth else None].add((source[depth], target[depth]))
    guilty: set[str] = set()
    for pairs in wires.values():
        ids = sorted({i for pair in pairs for i in pair})
        guilty |= _on_cycles(ids, sorted(pairs)) & groups.keys()
    return guilty
