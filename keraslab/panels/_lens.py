"""A cell's code with what each line makes: shape, parameters, multiply-accumulates."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

from keraslab.graph import Graph, ModelError, keras_internals, line_of, read_graph, record_lines
from keraslab.graph._summary import short
from keraslab.panels._live import in_terminal
from keraslab.panels._show import GraphView


@dataclass(frozen=True)
class LensLine:
    """One line of the code, and what it made."""

    number: int
    code: str
    calls: tuple[str, ...]
    """Ids of the calls it made, in order; those inside a nested model too."""
    shape: str
    """The last output it made; empty where it made none."""
    params: int
    """Weights of the layers it called first; a shared layer counts where it is called first,
    be it in an earlier cell."""
    macs: int | None
    """Multiply-accumulates of its calls for one sample; None where one is unknown."""
    shared: bool
    """Whether it called a layer with weights that was called before."""

    @property
    def notes(self) -> tuple[str, str, str]:
        """Shape, parameters and multiply-accumulates as short text."""
        if not self.calls:
            return ("", "", "")
        params = f"{short(self.params)} params" if self.params else "shared" if self.shared else ""
        macs = "MACs unknown" if self.macs is None else f"{short(self.macs)} MACs"
        return (self.shape, params, macs if self.macs != 0 else "")


class Lens:
    """Code, line by line, with what each line makes, and the graph of it.

    In a notebook both stand side by side: pointing at a line lights its calls, and stepping
    plays the graph growing. In a terminal it is the code with notes at its right.

    Attributes:
        graph: The graph of all that the code made; None where it made nothing.
        lines: The lines of the code.
    """

    def __init__(self, code: str, nodes: Sequence[Any]) -> None:
        own = _outermost(nodes)
        taken = {id(t) for node in own for t in keras_internals.tensors_in(node)}
        made = [t for node in own for t in keras_internals.tensors_out(node)]
        ends = [t for t in made if id(t) not in taken]
        self.graph: Graph | None = read_graph(ends) if ends else None
        self.lines = _lines(code, own, self.graph, _called_before(nodes))

    @cached_property
    def _view(self) -> GraphView | None:
        return None if self.graph is None else GraphView(self.graph)

    def __str__(self) -> str:
        notes = [line.notes for line in self.lines]
        widths = [max((len(note[i]) for note in notes), default=0) for i in range(3)]
        code = max((len(line.code) for line in self.lines), default=0)
        digits = len(str(len(self.lines)))
        rows = []
        for line, note in zip(self.lines, notes, strict=True):
            cells = [note[0].ljust(widths[0]), note[1].rjust(widths[1]), note[2].rjust(widths[2])]
            row = f"{line.number:>{digits}}  {_plain(line.code).ljust(code)}   {'  '.join(cells)}"
            rows.append(row.rstrip())
        return "\n".join(rows)

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        if in_terminal():
            return {"text/plain": str(self)}
        return {"text/plain": str(self), "text/html": self._html(), **self._live()}

    def _live(self) -> dict[str, Any]:
        """The widget's part: the code above its graph; without it the table shows."""
        if self._view is None:
            return {}
        live = self._view.live()
        widget = self._view.widget
        if widget is not None and not widget.code:
            widget.code = self._code(self._view.graph)
        return live

    def _code(self, graph: Graph) -> list[dict[str, Any]]:
        """The lines as the browser wants them; without links where these are too many to send."""
        from keraslab.draw._graph_widget import MESSAGE_LIMIT

        lines: list[dict[str, Any]] = [
            {
                "number": line.number,
                "code": line.code,
                "notes": list(line.notes),
                "calls": [{"id": id_, "path": _path(graph, id_)} for id_ in line.calls],
            }
            for line in self.lines
        ]
        bare = [line | {"calls": []} for line in lines]
        fits = (code for code in (lines, bare) if len(json.dumps(code)) <= MESSAGE_LIMIT)
        return next(fits, [])

    def _html(self) -> str:
        rows = "".join(
            f"<tr><td {_cell('right')}>{line.number}</td>"
            f"<td {_cell('left')}><code>{escape(line.code) or '&nbsp;'}</code></td>"
            + "".join(f"<td {_cell('right')}>{escape(note)}</td>" for note in line.notes)
            + "</tr>"
            for line in self.lines
        )
        head = "".join(
            f"<th {_cell(side)}>{title}</th>"
            for title, side in (
                ("", "right"),
                ("Line", "left"),
                ("Gives", "right"),
                ("Weights", "right"),
                ("Cost of one sample", "right"),
            )
        )
        return (
            '<div style="overflow-x:auto;color:var(--jp-content-font-color1,inherit)">'
            '<table style="border-collapse:collapse">'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        )


def _outermost(nodes: Sequence[Any]) -> list[Any]:
    """The nodes without those inside a model that is itself called: it shows where it is."""
    nested = [keras_internals.functional_of(keras_internals.operation_of(n)) for n in nodes]
    inner = {
        id(node)
        for functional in {id(f): f for f in nested if f is not None}.values()
        for node in keras_internals.nodes_of(functional)
    }
    return [node for node in nodes if id(node) not in inner]


def run_lens(shell: Any, cell: str) -> Lens | None:
    """Run a cell as IPython does, and tell what each of its lines made.

    Args:
        shell: The running IPython.
        cell: The code.

    Returns:
        What the lines made; None where it cannot be read. An error of the cell is shown by
        IPython as ever, and the lines up to it are told.
    """
    transformed = shell.transform_cell(cell)
    file = shell.compile.get_code_name(cell, transformed, shell.execution_count)
    with record_lines(f"cell [{shell.execution_count}]", file) as nodes:
        shell.run_cell(cell, store_history=False)
    try:
        return Lens(cell, nodes)
    except ModelError:
        return None


def _called_before(nodes: Sequence[Any]) -> set[int]:
    """Of the nodes those, by their identity, whose layer or model was called before the code."""
    own = {id(node) for node in nodes}
    before: dict[int, bool] = {}
    for node in nodes:
        operation = keras_internals.operation_of(node)
        if id(operation) not in before:
            calls = keras_internals.inbound_nodes(operation)
            before[id(operation)] = any(id(call) not in own for call in calls)
    return {id(n) for n in nodes if before[id(keras_internals.operation_of(n))]}


def _lines(
    code: str, nodes: Sequence[Any], graph: Graph | None, before: Set[int]
) -> tuple[LensLine, ...]:
    """The lines of the code with what each made; weights called before count as shared."""
    made: dict[int, list[str]] = {}
    seen: set[str] = set()
    for node, ids in _calls_of(nodes, graph).items():
        line = line_of(node)
        if line is not None:
            made.setdefault(line.number, []).extend(ids)
        if graph is not None and id(node) in before:
            seen.update(graph.call_by_id[id_].layer for id_ in ids)
    lines = []
    for number, text in enumerate(code.rstrip("\n").split("\n"), 1):
        calls = [graph.call_by_id[id_] for id_ in made.get(number, ())] if graph else []
        first = [call for call in calls if call.layer not in seen]
        seen.update(call.layer for call in calls)
        weights = {weight.key: weight for call in first for weight in call.weights}
        macs = [call.macs for call in calls]
        lines.append(
            LensLine(
                number,
                text,
                tuple(call.id for call in calls),
                ", ".join(spec.text for spec in calls[-1].outputs) if calls else "",
                sum(weight.size for weight in weights.values()),
                None if None in macs else sum(n for n in macs if n is not None),
                any(call.params and call not in first for call in calls),
            )
        )
    return tuple(lines)


def _calls_of(nodes: Sequence[Any], graph: Graph | None) -> dict[Any, list[str]]:
    """For each recorded node the ids of its calls; of a nested model, those inside it."""
    if graph is None:
        return {}
    own = {id(call.node): call.id for call in graph.calls if call.node is not None}
    found: dict[Any, list[str]] = {}
    for node in nodes:
        if id(node) in own:
            found[node] = [own[id(node)]]
    for name, late in _nested(nodes, found).items():
        groups = [g for g in graph.groups if g.kind == "model" and g.id.startswith(f"{name}#")]
        # Calls made before the recording come first, so the last ones are those recorded.
        for node, group in zip(reversed(late), reversed(groups), strict=False):
            inside = f"{group.id}/"
            found[node] = [call.id for call in graph.calls if call.id.startswith(inside)]
    return found


def _path(graph: Graph, id_: str) -> list[str]:
    """The groups around a call, the outermost first."""
    path: list[str] = []
    at = graph.call_by_id[id_].group
    while at is not None:
        path.insert(0, at)
        at = graph.group_by_id[at].parent
    return path


def _nested(nodes: Sequence[Any], found: Mapping[Any, Any]) -> dict[str, list[Any]]:
    """The recorded calls of nested models, by the model's name."""
    late: dict[str, list[Any]] = {}
    for node in nodes:
        if node not in found:
            late.setdefault(keras_internals.operation_of(node).name, []).append(node)
    return late


def _cell(side: str) -> str:
    return (
        f'style="text-align:{side};padding:.1em .8em;white-space:pre;background:none;'
        'font-variant-numeric:tabular-nums;border:0"'
    )


def _plain(text: str) -> str:
    """Text without characters that move the cursor or colour a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)
