"""A graph as DOT in the look of Keras' own plots: a dark head, shapes below."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pydot

from keraslab.graph._data import Call, Edge, Graph, TensorSpec

_DARK = "#1f2328"
_GREEN = "#1a6b33"
_RED = "#a32020"
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)


@dataclass(frozen=True)
class Options:
    """What a plot shows of each layer."""

    shapes: bool = False
    dtype: bool = False
    names: bool = False
    activations: bool = False
    trainable: bool = False
    nested: bool = False


def keras_dot(graph: Graph, rankdir: str, splines: str, options: Options) -> pydot.Dot:
    """The graph as a pydot graph, a node for each call.

    Args:
        graph: The graph of a model.
        rankdir: ``TB``, ``LR``, ``BT`` or ``RL``.
        splines: How Graphviz draws edges.
        options: What each node shows.
    """
    dot = _empty(rankdir, splines)
    closed = {} if options.nested else _outermost_models(graph)
    names: dict[str, str] = {}
    clusters: dict[str, Any] = {}
    for number, call in enumerate(graph.calls):
        model = closed.get(call.id)
        if model is None:
            names[call.id] = f"n{number}"
            home = _cluster(graph, call.group, clusters, dot) if options.nested else dot
            home.add_node(_node(f"n{number}", _call_label(call, options)))
            continue
        names[call.id] = f"m{list(graph.group_by_id).index(model)}"
        if not dot.get_node(names[call.id]):
            inside = {id_ for id_, at in closed.items() if at == model}
            label = _model_label(graph, model, inside, options)
            dot.add_node(_node(names[call.id], label))
    drawn: set[tuple[str, str, str, int]] = set()
    for edge in graph.edges:
        source, target = names[edge.source], names[edge.target]
        folded = source[0] == "m" or target[0] == "m"
        key = (source, target, edge.source, edge.source_index)
        if source == target or (folded and key in drawn):
            continue
        drawn.add(key)
        dot.add_edge(pydot.Edge(source, target))
    return dot


def single_node_dot(
    model: Any, rankdir: str, splines: str, names: bool, trainable: bool
) -> pydot.Dot:
    """A model whose inside cannot be read, as one node."""
    dot = _empty(rankdir, splines)
    cells = []
    if trainable and model.weights:
        cells.append(_trainable_cell([bool(w.trainable) for w in model.weights]))
    head = _head(str(model.name), type(model).__name__, "", names)
    dot.add_node(_node("n0", _table(head, "", cells)))
    return dot


def named(svg: str, dot_label: str) -> str:
    """Graphviz' SVG with a name for screen readers and without its technical titles."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<title>.*?</title>\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace(
        'font-family="DejaVu Sans"', "font-family=\"'DejaVu Sans', Verdana, sans-serif\""
    )
    return svg.replace("<svg ", f'<svg role="img" aria-label="{_safe(dot_label)}" ', 1)


def _empty(rankdir: str, splines: str) -> pydot.Dot:
    dot = pydot.Dot(
        "model",
        graph_type="digraph",
        rankdir=rankdir,
        splines=splines,
        bgcolor='"#ffffff"',
        pad="0.1",
        nodesep="0.3",
        ranksep="0.4",
        fontname='"DejaVu Sans"',
    )
    dot.set_node_defaults(shape="plain", fontname='"DejaVu Sans"')
    dot.set_edge_defaults(color='"#59636e"', penwidth="1.5", arrowsize="0.8")
    return dot


def _node(name: str, label: str) -> pydot.Node:
    return pydot.Node(name, label=label)


def _outermost_models(graph: Graph) -> dict[str, str]:
    """The outermost nested model around every call that is in one."""
    found: dict[str, str] = {}
    for call in graph.calls:
        at = call.group
        while at is not None:
            group = graph.group_by_id[at]
            if group.kind == "model":
                found[call.id] = at
            at = group.parent
    return found


def _cluster(graph: Graph, id_: str | None, clusters: dict[str, Any], dot: pydot.Dot) -> Any:
    """The cluster of the innermost nested model at ``id_``, made where it is missing."""
    while id_ is not None and graph.group_by_id[id_].kind != "model":
        id_ = graph.group_by_id[id_].parent
    if id_ is None:
        return dot
    if id_ not in clusters:
        group = graph.group_by_id[id_]
        which = f" (call {group.index + 1} of {group.count})" if group.count > 1 else ""
        cluster = pydot.Cluster(
            f"c{len(clusters)}",
            label=f"<{_safe(group.label)}{which}>",
            labeljust="l",
            style="dashed",
            color='"#59636e"',
        )
        _cluster(graph, group.parent, clusters, dot).add_subgraph(cluster)
        clusters[id_] = cluster
    return clusters[id_]


def _call_label(call: Call, options: Options) -> str:
    which = f"call {call.index + 1} of {call.count}" if call.shared else ""
    activation = call.config.get("activation") if options.activations else None
    cells = _tensor_cells(
        [] if call.kind == "input" else call.inputs, call.outputs, options, call.kind != "input"
    )
    if options.trainable and call.weights:
        cells.append(_trainable_cell([weight.trainable for weight in call.weights]))
    name = call.name.rsplit("/", 1)[-1]
    return _table(_head(name, call.type, which, options.names), _activation(activation), cells)


def _model_label(graph: Graph, id_: str, inside: set[str], options: Options) -> str:
    group = graph.group_by_id[id_]
    entering = _distinct(e for e in graph.edges if e.target in inside and e.source not in inside)
    leaving = _distinct(e for e in graph.edges if e.source in inside and e.target not in inside)
    leaving += [p.spec for p in graph.outputs if p.call in inside and p.spec not in leaving]
    cells = _tensor_cells(entering, leaving, options, True)
    weights = [w for call in graph.calls if call.id in inside for w in call.weights]
    if options.trainable and weights:
        cells.append(_trainable_cell([weight.trainable for weight in weights]))
    which = f"call {group.index + 1} of {group.count}" if group.count > 1 else ""
    return _table(_head(group.label, "Model", which, options.names), "", cells)


def _distinct(edges: Iterable[Edge]) -> list[TensorSpec]:
    return list({(edge.source, edge.source_index): edge.spec for edge in edges}.values())


def _head(name: str, kind: str, which: str, show_name: bool) -> str:
    title = f"<b>{_safe(name)}</b> ({_safe(kind)})" if show_name else f"<b>{_safe(kind)}</b>"
    extra = f' <font point-size="11">{_safe(which)}</font>' if which else ""
    return f'<font point-size="14" color="#ffffff">{title}{extra}</font>'


def _activation(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        value = value.get("class_name") or value.get("config") or "?"
    return f'<font point-size="12">Activation: <b>{_safe(value)}</b></font>'


def _tensor_cells(
    inputs: Iterable[TensorSpec],
    outputs: Iterable[TensorSpec],
    options: Options,
    has_inputs: bool,
) -> list[str]:
    cells = []
    if options.shapes:
        if has_inputs:
            cells.append(_cell("Input shape", ", ".join(_shape(spec) for spec in inputs)))
        cells.append(_cell("Output shape", ", ".join(_shape(spec) for spec in outputs)))
    if options.dtype:
        cells.append(_cell("Output dtype", ", ".join(spec.dtype for spec in outputs)))
    return cells


def _shape(spec: TensorSpec) -> str:
    return f"({', '.join('None' if size is None else str(size) for size in spec.shape)})"


def _cell(word: str, value: str) -> str:
    return (
        f'<td bgcolor="#ffffff"><font point-size="12">{word}: '
        f"<b>{_safe(value, 90) or '?'}</b></font></td>"
    )


def _trainable_cell(flags: list[bool]) -> str:
    text = "Trainable" if all(flags) else "Partly trainable" if any(flags) else "Not trainable"
    colour = _GREEN if any(flags) else _RED
    return f'<td bgcolor="{colour}"><font point-size="12" color="#ffffff"><b>{text}</b></font></td>'


def _table(head: str, activation: str, cells: list[str]) -> str:
    span = max(1, len(cells))
    rows = f'<tr><td colspan="{span}" bgcolor="{_DARK}">{head}</td></tr>'
    if activation:
        rows += f'<tr><td colspan="{span}" bgcolor="#ffffff">{activation}</td></tr>'
    if cells:
        rows += f"<tr>{''.join(cells)}</tr>"
    return f'<<table border="0" cellborder="1" cellspacing="0" cellpadding="8">{rows}</table>>'


def _safe(value: object, limit: int = 60) -> str:
    """Text of a model made harmless and, when very long, shortened in the middle."""
    text = " ".join(_UNSAFE.sub("\N{REPLACEMENT CHARACTER}", str(value)).split())
    if len(text) > limit:
        text = f"{text[: limit // 2]}…{text[-(limit // 2 - 1) :]}"
    return html.escape(text)
