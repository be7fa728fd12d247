"""A graph as JSON-ready data, for the drawing engine and the views in the browser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from keraslab.graph._data import Call, Graph, Group, TensorSpec, Weight

LONGEST_LINE = 300


def graph_json(graph: Graph) -> dict[str, Any]:
    """The whole graph as dicts, lists, text and numbers.

    Args:
        graph: The graph of a model.
    """
    inside = graph.calls_inside
    costs = _costs(graph)
    once = _Once()
    return {
        "name": graph.name,
        "skeleton": graph.skeleton,
        "calls": [_call(call, once) | _call_costs(costs, call.id) for call in graph.calls],
        "edges": [
            {
                "source": edge.source,
                "source_index": edge.source_index,
                "target": edge.target,
                "target_index": edge.target_index,
                "key": _text_or_none(edge.key),
                **once.spec(edge.spec),
            }
            for edge in graph.edges
        ],
        "groups": [_group(group, inside[group.id], once) for group in graph.groups],
        "inputs": [_port(p.key, p.call, p.index) for p in graph.inputs],
        "outputs": [_port(p.key, p.call, p.index) for p in graph.outputs],
        "totals": {
            "params": graph.params,
            "unknown_params": list(graph.unknown_params),
            "trainable": graph.trainable_params,
            "macs": graph.macs,
            "unknown_macs": list(graph.unknown_macs),
            "inference_peak": costs.inference_peak if costs is not None else None,
            "training_sum": costs.training_sum if costs is not None else None,
        },
    }


class _Once:
    """What is the same for many calls, worked out once for the parts of one graph."""

    def __init__(self) -> None:
        self._specs: dict[int, dict[str, Any]] = {}
        self._sizes: dict[int, tuple[int, int]] = {}

    def spec(self, spec: TensorSpec) -> dict[str, Any]:
        """A tensor; alike ones are mostly one object in the graph, and here too."""
        found = self._specs.get(id(spec))
        if found is None:
            found = self._specs[id(spec)] = _spec(spec)
        return found

    def sizes(self, weights: Iterable[Weight]) -> tuple[int, int]:
        """How many values the weights hold, and how many of these training changes."""
        known, total, trainable = self._sizes, 0, 0
        for weight in weights:
            found = known.get(id(weight))
            if found is None:
                size = weight.size
                found = known[id(weight)] = (size, size if weight.trainable else 0)
            total += found[0]
            trainable += found[1]
        return total, trainable


def _costs(graph: Graph) -> Any:
    """Memory and receptive fields; a graph whose costs cannot be told has none."""
    try:
        return graph.costs
    except Exception:  # a picture without costs is better than none
        return None


def _call_costs(costs: Any, id_: str) -> dict[str, Any]:
    field = costs.receptive_field.get(id_) if costs is not None else None
    return {
        "memory": costs.memory.get(id_) if costs is not None else None,
        "receptive_field": None if field is None else list(field),
        "sees_all": costs is not None and id_ in costs.whole,
    }


def details(graph: Graph, id: str) -> dict[str, Any]:  # noqa: A002
    """What a click on a node shows: settings, weights, inputs and outputs.

    Args:
        graph: The graph of a model.
        id: The id of a call or a group of it.

    Raises:
        KeyError: If the graph has neither call nor group of that id.
    """
    if id in graph.call_by_id:
        return _call_details(graph, graph.call_by_id[id])
    if id in graph.group_by_id:
        return _group_details(graph, graph.group_by_id[id])
    raise KeyError(f"details(id={id!r}): the graph has no call or group of that id.")


def _call_details(graph: Graph, call: Call) -> dict[str, Any]:
    return {
        **_call(call, _Once()),
        "config": _config(call),
        "line": _line(call),
        "ports": [
            {"key": _text_or_none(port.key), "is": word}
            for word, ports in (("input", graph.inputs), ("output", graph.outputs))
            for port in ports
            if port.call == call.id
        ],
        "weights": [_weight(weight) for weight in call.weights],
        "from": [
            {"id": e.source, "name": graph.call_by_id[e.source].name, **_spec(e.spec)}
            for e in graph.edges_into[call.id]
        ],
        "to": [
            {"id": e.target, "name": graph.call_by_id[e.target].name, **_spec(e.spec)}
            for e in graph.edges_from[call.id]
        ],
    }


def _group_details(graph: Graph, group: Group) -> dict[str, Any]:
    calls = graph.calls_inside[group.id]
    ids = {call.id for call in calls}
    weights = {weight.key: weight for call in calls for weight in call.weights}
    return {
        **_group(group, calls, _Once()),
        "config": {},
        "weights": [_weight(weight) for weight in weights.values()],
        "from": [
            {"id": e.source, "name": graph.call_by_id[e.source].name, **_spec(e.spec)}
            for call in calls
            for e in graph.edges_into[call.id]
            if e.source not in ids
        ],
        "to": [
            {"id": e.target, "name": graph.call_by_id[e.target].name, **_spec(e.spec)}
            for call in calls
            for e in graph.edges_from[call.id]
            if e.target not in ids
        ],
    }


def _call(call: Call, once: _Once) -> dict[str, Any]:
    params, trainable = once.sizes(call.weights)
    return {
        "id": call.id,
        "name": call.name,
        "type": call.type,
        "kind": call.kind,
        "layer": call.layer,
        "index": call.index,
        "count": call.count,
        "inputs": [once.spec(spec) for spec in call.inputs],
        "outputs": [once.spec(spec) for spec in call.outputs],
        "arguments": list(call.arguments),
        "params": params if call.weights_known else None,
        "trainable_params": trainable,
        "dtype": call.outputs[0].dtype if call.outputs else None,
        "macs": call.macs,
        "group": call.group,
    }


def _group(group: Group, calls: list[Call], once: _Once) -> dict[str, Any]:
    weights = {weight.key: weight for call in calls for weight in call.weights}
    params, trainable = once.sizes(weights.values())
    unknown = any(call.macs is None for call in calls)
    return {
        "id": group.id,
        "label": group.label,
        "kind": group.kind,
        "parent": group.parent,
        "calls": list(group.calls),
        "children": list(group.children),
        "index": group.index,
        "count": group.count,
        "times": group.times,
        "size": len(calls),
        "params": params if all(c.weights_known for c in calls) else None,
        "trainable_params": trainable,
        "macs": None if unknown else sum(call.macs or 0 for call in calls),
    }


def _line(call: Call) -> dict[str, Any] | None:
    """The line of code that made the call, where it was recorded."""
    line = getattr(call, "line", None)
    if line is None:
        return None
    return {"place": str(line.place), "number": line.number, "text": str(line.text)[:LONGEST_LINE]}


def _spec(spec: TensorSpec) -> dict[str, Any]:
    plain: dict[str, Any] = {"shape": list(spec.shape), "dtype": spec.dtype}
    return plain | {"masked": True} if spec.masked else plain


def _weight(weight: Weight) -> dict[str, Any]:
    return {
        "name": weight.name,
        "shape": list(weight.shape),
        "dtype": weight.dtype,
        "trainable": weight.trainable,
    }


def _port(key: str | None, call: str, index: int) -> dict[str, Any]:
    return {"key": _text_or_none(key), "call": call, "index": index}


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def _config(call: Call) -> dict[str, str]:
    """A layer's settings as short text; a config that cannot be read is simply not shown."""
    try:
        config = dict(call.config)
    except Exception:
        return {}
    return {str(key): _short(value) for key, value in config.items() if key != "name"}


def _short(value: object, limit: int = 80) -> str:
    if isinstance(value, Mapping):
        inner = value.get("config")
        if "class_name" in value:
            # A serialised object: its class says most, a dtype policy's or variable's name more.
            name = inner.get("name") if isinstance(inner, Mapping) else None
            plain = str(value["class_name"])
            text = str(name) if plain.endswith("DTypePolicy") and name else plain
        else:
            text = ", ".join(f"{key}: {_short(item, 20)}" for key, item in value.items())
    elif isinstance(value, list | tuple):
        text = "(" + ", ".join(_short(item, 20) for item in value) + ")"
    else:
        text = str(value)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
