"""From a Keras model to a Graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from keraslab.graph import keras_internals
from keraslab.graph._check import functional_or_error
from keraslab.graph._data import Call, Graph, Port, Weight
from keraslab.graph._groups import find_groups
from keraslab.graph._skeleton import is_skeleton
from keraslab.graph._walk import Draft, Source, Walk


def read_graph(model: Any) -> Graph:
    """Read a Functional or Sequential model as data: its calls, edges and groups.

    One call stands for each time a layer or operation is applied in this model, whatever
    other models do with the same layers. A nested model is opened: its calls stand in the
    graph, in one group for each call of it. The model is not changed, and no weight is made.

    Args:
        model: A Functional model, or a Sequential model that knows its input shape; real,
            loaded from a file, or built without weights.

    Returns:
        The graph; a later change of the model does not reach it.

    Raises:
        ModelError: It is no Keras model, is not built yet, is a subclassed model without a
            graph, or has no layers.

    Example:
        >>> import keras
        >>> x = keras.Input((8,), name="x")
        >>> model = keras.Model(x, keras.layers.Dense(2, name="dense")(x))
        >>> graph = read_graph(model)
        >>> [call.id for call in graph.calls], graph.params, graph.macs
        (['x#0', 'dense#0'], 18, 16)
    """
    functional = functional_or_error(model)
    walk = Walk()
    outputs = walk.through(functional)
    inputs = [walk.sources.get(id(tensor)) for tensor in functional.inputs]
    groups, group_of = find_groups(walk.scopes)
    return Graph(
        name=model.name,
        calls=_calls(walk.calls, group_of, bool(model.trainable)),
        edges=tuple(walk.edges),
        groups=groups,
        inputs=_ports(keras_internals.input_structure(functional), inputs),
        outputs=_ports(keras_internals.output_structure(functional), outputs),
        skeleton=is_skeleton(model),
    )


def config_of(operation: Any) -> Mapping[str, Any]:
    """The ``get_config()`` of a layer or operation; empty where it has none."""
    try:
        return dict(operation.get_config())
    except Exception:  # a stranger's layer may raise anything; the graph is still worth showing
        return {}


def _calls(
    drafts: Sequence[Draft], group_of: Mapping[str, str], trainable: bool
) -> tuple[Call, ...]:
    counts = Counter(draft.layer for draft in drafts)
    seen: Counter[str] = Counter()
    weights: dict[str, tuple[Weight, ...]] = {}
    calls = []
    for draft in drafts:
        if draft.layer not in weights:
            weights[draft.layer] = _weights(draft.operation, trainable)
        calls.append(
            Call(
                id=draft.id,
                name=draft.operation.name,
                type=type(draft.operation).__name__,
                kind=draft.kind,
                layer=draft.layer,
                index=seen[draft.layer],
                count=counts[draft.layer],
                inputs=draft.inputs,
                outputs=draft.outputs,
                arguments=draft.arguments,
                weights=weights[draft.layer],
                macs=draft.macs,
                group=group_of.get(draft.id),
                operation=draft.operation,
            )
        )
        seen[draft.layer] += 1
    return tuple(calls)


def _weights(operation: Any, trainable: bool) -> tuple[Weight, ...]:
    """The variables that Keras counts as parameters; states of random numbers are none."""
    if not isinstance(operation, keras.layers.Layer):
        return ()
    start = f"/{operation.name}/"
    return tuple(
        [
            Weight(
                name=f"/{variable.path}".partition(start)[2] or variable.name,
                shape=keras_internals.shape_of(variable),
                dtype=str(variable.dtype),
                trainable=trainable and bool(variable.trainable),
                key=id(variable),
            )
            for variable in operation.weights
        ]
    )


def _ports(structure: Any, sources: Sequence[Source | None]) -> tuple[Port, ...]:
    return tuple(
        Port(
            next((part for part in reversed(path) if isinstance(part, str)), None),
            source.call,
            source.output,
            source.spec,
        )
        for (path, _), source in zip(keras.tree.flatten_with_path(structure), sources, strict=True)
        if source is not None
    )
