"""The calls of a graph as rows, for the table beside a picture and for the search in it."""

from __future__ import annotations

from typing import Any

from keraslab.draw._cards import clip

COLUMNS = ("name", "type", "shape", "params", "macs", "memory", "receptive_field")

JsonDict = dict[str, Any]


def rows(graph: JsonDict) -> JsonDict:
    """A row for each call and each group, as short as can be: they are sent to the browser.

    Args:
        graph: What ``graph_json`` gives.

    Returns:
        ``"calls"``: lists of id, name, type, output shape, dtype, parameters, MACs, bytes,
        receptive field (or "all") and the number of the innermost group; ``"groups"``: lists of
        id, label, kind and the number of the group around. What is unknown or missing is None.

    Example:
        >>> import keras
        >>> from keraslab.draw._json import graph_json
        >>> from keraslab.graph import read_graph
        >>> x = keras.Input((4,), name="x")
        >>> model = keras.Model(x, keras.layers.Dense(2, name="out")(x))
        >>> rows(graph_json(read_graph(model)))["calls"][1][1:7]
        ['out', 'Dense', '? × 2', 'float32', 10, 8]
    """
    numbers = {group["id"]: number for number, group in enumerate(graph["groups"])}
    return {
        "calls": [_call(call, numbers) for call in graph["calls"]],
        "groups": [
            [
                group["id"],
                clip(group["label"]),
                group["kind"],
                numbers.get(group["parent"]),
            ]
            for group in graph["groups"]
        ],
    }


def _call(call: JsonDict, numbers: dict[str, int]) -> list[Any]:
    return [
        call["id"],
        clip(call["name"]),
        "Input" if call["kind"] == "input" else clip(call["type"]),
        clip(", ".join(_shape(spec) for spec in call["outputs"][:3])),
        call["dtype"],
        call["params"],
        call["macs"],
        call["memory"],
        "all" if call["sees_all"] else call["receptive_field"],
        numbers.get(call["group"]),
    ]


def _shape(spec: JsonDict) -> str:
    text = " × ".join("?" if size is None else str(size) for size in spec["shape"]) or "scalar"
    return f"{text} masked" if spec.get("masked") else text
