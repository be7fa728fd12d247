"""Which groups of a graph are open before anybody has touched it."""

from __future__ import annotations

from collections import Counter

from keraslab.graph._data import Graph

FEW = 20
"""A picture opens by itself as long as it shows no more nodes than this."""
BARE = 6
"""A picture of no more nodes than this says too little ..."""
MANY = 30
"""... and may open to so many."""


def first_opening(graph: Graph) -> frozenset[str]:
    """The groups to open so that the picture shows much, but not too much.

    Whole levels are opened, so that what is alike looks alike. Repeats stay folded: that a
    part comes seven times says more than the same part drawn seven times.

    Args:
        graph: The graph of a model.

    Returns:
        Ids of the groups to draw open.
    """
    shown = Counter(call.group for call in graph.calls)
    shown.update(group.parent for group in graph.groups)
    depth: dict[str, int] = {}
    levels: list[list[str]] = []
    for group in graph.groups:  # parents come first
        if group.kind == "repeat" or (group.parent is not None and group.parent not in depth):
            continue
        level = depth[group.id] = 0 if group.parent is None else depth[group.parent] + 1
        if level == len(levels):
            levels.append([])
        levels[level].append(group.id)
    opened: list[str] = []
    nodes = shown[None]
    for level_ids in levels:
        wider = nodes + sum(shown[id_] - 1 for id_ in level_ids)
        if wider > (MANY if nodes <= BARE else FEW):
            break
        nodes = wider
        opened += level_ids
    return frozenset(opened)
