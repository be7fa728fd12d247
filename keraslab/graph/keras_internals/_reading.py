"""What a model built by anyone holds: its nodes, tensors and arguments."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import keras


def functional_of(model: Any) -> Any | None:
    """The Functional graph of a model; None where the model has none (yet)."""
    if isinstance(model, keras.Sequential):
        return model._functional
    if isinstance(model, keras.Model) and hasattr(model, "_nodes_by_depth"):
        return model
    return None


def nodes_of(functional: Any) -> list[Any]:
    """The nodes (calls) of this graph alone, each after the nodes it takes tensors from.

    The order follows one branch to its end before the next, as people write models, and the
    calls of one layer keep the order they were made in.
    """
    own = {id(n): n for nodes in functional._nodes_by_depth.values() for n in nodes}
    producers = {id(t): n for n in own.values() for t in n.outputs}
    earlier = _call_made_before(own)
    ordered: list[Any] = []
    done: set[int] = set()
    starts = [producers[id(t)] for t in [*functional.inputs, *functional.outputs]]
    for start in [*starts, *own.values()]:
        stack = [(start, False)]
        while stack:
            node, ready = stack.pop()
            if id(node) in done:
                continue
            if ready:
                done.add(id(node))
                ordered.append(node)
                continue
            stack.append((node, True))
            needs = [producers[id(t)] for t in node.input_tensors if id(t) in producers]
            # A call is made after its inputs and after its layer's previous call, so both
            # orders together have no cycle.
            before = earlier.get(id(node))
            if before is not None:
                needs.insert(0, before)
            stack.extend((need, False) for need in reversed(needs) if id(need) not in done)
    return ordered


def _call_made_before(own: Mapping[int, Any]) -> dict[int, Any]:
    """For each node of a shared layer, the node of the same layer made just before it."""
    before: dict[int, Any] = {}
    for operation in {id(n.operation): n.operation for n in own.values()}.values():
        made = [n for n in operation._inbound_nodes if id(n) in own]
        for earlier, later in itertools.pairwise(made):
            before[id(later)] = earlier
    return before


def operation_of(node: Any) -> Any:
    """The layer or operation that a node applies."""
    return node.operation


def tensors_in(node: Any) -> list[Any]:
    """The symbolic tensors that a node takes, in order, a tensor taken twice twice."""
    tensors: list[Any] = node.input_tensors
    return tensors


def tensors_out(node: Any) -> list[Any]:
    """The symbolic tensors that a node makes."""
    tensors: list[Any] = node.outputs
    return tensors


def takes_one_tensor(node: Any) -> bool:
    """Whether a node was called with one positional tensor and nothing else."""
    return node.arguments._single_positional_tensor is not None


def arguments_of(node: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The positional and keyword arguments of a node, constants included."""
    return node.arguments.args, node.arguments.kwargs


def input_structure(functional: Any) -> Any:
    """The inputs of a graph in the structure (tensor, list or dict) they were given in."""
    return functional._inputs_struct


def output_structure(functional: Any) -> Any:
    """The outputs of a graph in the structure (tensor, list or dict) they were given in."""
    return functional._outputs_struct


def outputs_for(node: Any, known: Mapping[int, Any]) -> list[Any]:
    """The output tensors a node would have if its inputs were others.

    Args:
        node: The node of a layer or operation, not of a nested model.
        known: For the id of each of the node's input tensors, the tensor to put there; None
            for an optional input that is left out.
    """
    args, kwargs = node.arguments.fill_in(known)
    return list(keras.tree.flatten(node.operation.compute_output_spec(*args, **kwargs)))


def settings_of(operation: Any) -> dict[str, Any]:
    """The constructor's settings that a plain operation keeps, without a ``get_config()``."""
    return {k: v for k, v in vars(operation).items() if not k.startswith("_") and k != "name"}


def shape_of(variable: Any) -> tuple[int, ...]:
    """The shape of a variable; asked publicly, TensorFlow makes a costly object of it."""
    return tuple(variable._shape)


def makers_of(node: Any) -> list[Any]:
    """The operations whose outputs a node takes."""
    found = (t._keras_history.operation for t in node.input_tensors)
    return [operation for operation in found if operation is not None]


def inbound_nodes(operation: Any) -> list[Any]:
    """The nodes of all calls of an operation, in any model."""
    return list(operation._inbound_nodes)


def parts_of(layer: Any) -> list[Any]:
    """A layer and the layers inside it, at any depth."""
    return list(layer._flatten_layers()) if isinstance(layer, keras.Layer) else [layer]
