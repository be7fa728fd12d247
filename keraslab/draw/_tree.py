"""A graph as a tree of text, for a terminal: groups, the calls in them, where they lead from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from keraslab.graph._data import Call, Graph, Group
from keraslab.graph._summary import short


def tree(graph: Graph, opened: Collection[str]) -> str:
    """A line for every group and call, those of a group below it and further in.

    Args:
        graph: The graph of a model.
        opened: Ids of the groups whose insides are told.

    Example:
        >>> import keras
        >>> from keraslab.graph import read_graph
        >>> x = keras.Input((4,), name="x")
        >>> y = keras.layers.Dense(2, name="out")(x)
        >>> print(tree(read_graph(keras.Model([x], [y], name="tiny")), []))
        tiny
        ├─ x        Input  ? × 4
        └─ out ← x  Dense  ? × 2  10 params
    """
    rows = _Tree(graph, opened).rows()
    widths = [max(len(row[i]) for row in rows) for i in range(2)] if rows else [0, 0]
    lines = [
        f"{name.ljust(widths[0])}  {kind.ljust(widths[1])}  {shape}  {cost}".rstrip()
        for name, kind, shape, cost in rows
    ]
    return "\n".join([_plain(graph.name), *lines])


class _Tree:
    """What the rows need of a graph, gathered once."""

    def __init__(self, graph: Graph, opened: Collection[str]) -> None:
        self.graph = graph
        self.opened = opened
        self.sources: dict[str, list[str]] = defaultdict(list)
        for edge in graph.edges:
            self.sources[edge.target].append(edge.source)
        self.parts: dict[str | None, list[Call | Group]] = defaultdict(list)
        self.inside: dict[str, list[Call]] = defaultdict(list)
        placed: set[str] = set()
        for call in graph.calls:  # a group stands where its first call does
            part: Call | Group = call
            above = call.group
            while above is not None:
                self.inside[above].append(call)
                if part.id not in placed:
                    placed.add(part.id)
                    self.parts[above].append(part)
                part = graph.group_by_id[above]
                above = part.parent
            if part.id not in placed:
                placed.add(part.id)
                self.parts[None].append(part)

    def rows(self, group: str | None = None, branch: str = "") -> list[tuple[str, str, str, str]]:
        """The rows of what lies directly in a group, and in what is open there."""
        rows = []
        parts = self.parts[group]
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            fork, stem = ("└─ ", "   ") if last else ("├─ ", "│  ")
            name, *rest = self._call(part) if isinstance(part, Call) else self._group(part)
            kind, shape, cost = map(_plain, rest)
            rows.append((f"{branch}{fork}{_plain(name)}", kind, shape, cost))
            if part.id in self.opened:
                rows += self.rows(part.id, branch + stem)
        return rows

    def _call(self, call: Call) -> tuple[str, str, str, str]:
        before = ", ".join(_name(self.graph.call_by_id[id_]) for id_ in self.sources[call.id])
        nth = f" (call {call.index + 1} of {call.count})" if call.shared else ""
        kind = "Input" if call.kind == "input" else call.type
        shape = ", ".join(spec.text for spec in call.outputs)
        cost = _params(call.params, call.weights_known)
        return f"{_name(call)}{nth}{' ← ' if before else ''}{before}", kind, shape, cost

    def _group(self, group: Group) -> tuple[str, str, str, str]:
        calls = self.inside[group.id]
        weights = {weight.key: weight for call in calls for weight in call.weights}
        params = sum(weight.size for weight in weights.values())
        times = f" ×{group.times}" if group.times > 1 else ""
        nth = f" (call {group.index + 1} of {group.count})" if group.count > 1 else ""
        is_open = group.id in self.opened
        kind = "" if is_open else f"{len(calls)} {'call' if len(calls) == 1 else 'calls'}"
        cost = _params(params, all(call.weights_known for call in calls))
        shape = ", ".join(spec.text for spec in calls[-1].outputs)
        return f"{'▾' if is_open else '▸'} {group.label}{times}{nth}", kind, shape, cost


def _name(call: Call) -> str:
    return call.name.rsplit("__", 1)[-1] if call.group is not None else call.name


def _params(params: int, known: bool) -> str:
    if not known:
        return "params unknown"
    return f"{short(params)} params" if params else ""


def _plain(text: str) -> str:
    """Text without characters that move the cursor or colour a terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)
