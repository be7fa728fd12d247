"""From a Keras model to a Graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from keraslab.graph import keras_internals
from keraslab.graph._check import graph_or_error
from keraslab.graph._collection import collection_put_off
from keraslab.graph._data import Call, Graph, Port, Weight, call_with
from keraslab.graph._from_config import graph_of_config
from keraslab.graph._from_file import config_of_file, is_path
from keraslab.graph._from_tensors import is_tensors, so_far
from keraslab.graph._groups import find_groups
from keraslab.graph._lines import line_of
from keraslab.graph._repeats import find_repeats
from keraslab.graph._skeleton import is_skeleton
from keraslab.graph._stranger import UnknownLayer
from keraslab.graph._walk import Draft, Source, Walk


def read_graph(model: Any) -> Graph:
    """Read a model as data: its calls, edges and groups.

    One call stands for each time a layer or operation is applied in this model, whatever
    other models do with the same layers. Nested models, wrappers, and subclassed models and
    layers are opened: their calls stand in the graph, in one group for each call of them. A
    layer whose ``call`` cannot be followed on symbolic tensors stays one box. The model is not
    changed, and no weight is made.

    Args:
        model: One of these:

            - a Functional or Sequential model, real, loaded, or built without weights;
            - a subclassed model that was called or built once;
            - a symbolic tensor, or a list, tuple or dict of them: the graph so far, with the
              tensors as its outputs;
            - a config: what ``model.get_config()`` or
              ``keras.saving.serialize_keras_object(model)`` returns;
            - the path of a ``.keras`` file, of which the config alone is read. Nothing in a
              file or config runs: a ``Lambda``, or a class that is not known here, is a box
              with its config and the shapes its neighbours recorded, and its weights and costs
              are unknown.

    Returns:
        The graph; a later change of the model does not reach it.

    Raises:
        ModelError: It is none of these, is not built yet, has no layers, or is damaged; the
            sentence says what to do.

    Example:
        >>> import keras
        >>> x = keras.Input((8,), name="x")
        >>> model = keras.Model(x, keras.layers.Dense(2, name="dense")(x))
        >>> graph = read_graph(model)
        >>> [call.id for call in graph.calls], graph.params, graph.macs
        (['x#0', 'dense#0'], 18, 16)
    """
    with collection_put_off():
        return _read(*_found(model))


def _read(functional: Any, name: str, trainable: bool, skeleton: bool | None) -> Graph:
    walk = Walk()
    outputs = walk.through(functional)
    inputs = [walk.sources.get(id(tensor)) for tensor in functional.inputs]
    groups, group_of = find_groups(walk.scopes)
    groups, group_of = find_repeats(walk.calls, walk.edges, groups, group_of)
    return Graph(
        name=name,
        calls=_calls(walk.calls, group_of, trainable),
        edges=tuple(walk.edges),
        groups=groups,
        inputs=_ports(keras_internals.input_structure(functional), inputs),
        outputs=_ports(keras_internals.output_structure(functional), outputs),
        skeleton=_holds_skeleton(walk) if skeleton is None else skeleton,
    )


def _found(value: Any) -> tuple[Any, str, bool, bool | None]:
    """The graph in a value, its name, whether it trains, and whether it has no weights."""
    if is_path(value) or (isinstance(value, Mapping) and not is_tensors(value)):
        config, what = config_of_file(value) if is_path(value) else (value, "The config")
        return (*graph_of_config(config, what), True)
    if is_tensors(value):
        return so_far(value), "graph so far", True, None
    return graph_or_error(value), value.name, bool(value.trainable), is_skeleton(value)


def _holds_skeleton(walk: Walk) -> bool:
    made = {id(call.operation): call.operation for call in walk.calls}
    return any(map(is_skeleton, made.values()))


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
    seen: dict[str, int] = {}
    weights: dict[str, tuple[Weight, ...]] = {}
    calls = []
    for draft in drafts:
        if draft.variables is not None:
            used = _weights(draft.operation, draft.variables, trainable)
        elif draft.layer not in weights:
            used = weights[draft.layer] = _weights_of(draft.operation, trainable)
        else:
            used = weights[draft.layer]
        stranger = isinstance(draft.operation, UnknownLayer)
        index = seen.get(draft.layer, 0)
        seen[draft.layer] = index + 1
        calls.append(
            call_with(
                id=draft.id,
                name=draft.operation.name,
                type=draft.operation.class_name if stranger else type(draft.operation).__name__,
                kind=draft.kind,
                layer=draft.layer,
                index=index,
                count=counts[draft.layer],
                inputs=draft.inputs,
                outputs=draft.outputs,
                arguments=draft.arguments,
                weights=used,
                macs=draft.macs,
                group=group_of.get(draft.id),
                operation=draft.operation,
                node=draft.node,
                line=line_of(draft.node),
                rows=draft.rows,
                weights_known=not stranger or draft.operation.weightless,
            )
        )
    return tuple(calls)


def _weights_of(operation: Any, trainable: bool) -> tuple[Weight, ...]:
    """The variables that Keras counts as parameters; states of random numbers are none."""
    if not isinstance(operation, keras.layers.Layer):
        return ()
    return _weights(operation, operation.weights, trainable)


def _weights(operation: Any, variables: Sequence[Any], trainable: bool) -> tuple[Weight, ...]:
    if not variables:
        return ()
    start = f"/{operation.name}/"
    found = []
    for variable in variables:
        path, shape, dtype, trained = keras_internals.facts_of(variable)
        name = f"/{path}".partition(start)[2] or variable.name
        found.append(Weight(name, shape, dtype, trainable and trained, id(variable)))
    return tuple(found)


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
