"""What a model built by anyone holds: its nodes, tensors and arguments."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras.src.ops.symbolic_arguments import SymbolicArguments


def functional_of(model: Any) -> Any | None:
    """The Functional graph of a model; None where the model has none (yet)."""
    if isinstance(model, keras.Sequential):
        return model._functional
    if isinstance(model, (keras.Model, keras.Function)) and hasattr(model, "_nodes_by_depth"):
        return model
    return None


def nodes_of(functional: Any) -> list[Any]:
    """The nodes (calls) of this graph alone, each after the nodes it takes tensors from.

    The order follows one branch to its end before the next, as people write models, and the
    calls of one layer keep the order they were made in.
    """
    if isinstance(functional, SoFar) and functional.in_order is not None:
        return functional.in_order
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
            for tensor in reversed(node.input_tensors):
                need = producers.get(id(tensor))
                if need is not None and id(need) not in done:
                    stack.append((need, False))
            # A call is made after its inputs and after its layer's previous call, so both
            # orders together have no cycle.
            before = earlier.get(id(node))
            if before is not None and id(before) not in done:
                stack.append((before, False))
    return ordered


def _call_made_before(own: Mapping[int, Any]) -> dict[int, Any]:
    """For each node of a shared layer, the node of the same layer made just before it."""
    before: dict[int, Any] = {}
    for operation in {id(n.operation): n.operation for n in own.values()}.values():
        if len(operation._inbound_nodes) == 1:
            continue
        made = [n for n in operation._inbound_nodes if id(n) in own]
        for earlier, later in itertools.pairwise(made):
            before[id(later)] = earlier
    return before


class SoFar:
    """All calls that lead to some symbolic tensors, held as a Functional graph holds its own."""

    in_order: list[Any] | None = None
    """The nodes in the order of the calls, where that is known."""

    def __init__(self, outputs: Any, inputs: Any = None) -> None:
        self._outputs_struct = outputs
        self.outputs: list[Any] = list(keras.tree.flatten(outputs))
        self.inputs: list[Any] = [] if inputs is None else list(keras.tree.flatten(inputs))
        self._inputs_struct = self.inputs if inputs is None else inputs
        nodes: dict[int, Any] = {}
        seen: set[int] = set()
        waiting = [*reversed(self.outputs), *reversed(self.inputs)]
        while waiting:
            tensor = waiting.pop()
            if id(tensor) not in seen:
                node = maker_of(tensor)
                seen.update(map(id, node.outputs))
                nodes[id(node)] = node
                if inputs is None and not node.input_tensors:
                    self.inputs.extend(node.outputs)
                waiting.extend(reversed(node.input_tensors))
        self._nodes_by_depth = {0: list(nodes.values())}


class Entry:
    """Stands for the call that made a tensor which no call made: ``keras.KerasTensor(...)``."""

    def __init__(self, tensor: Any) -> None:
        self.operation = keras.layers.InputLayer(
            batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name.replace("/", "_")
        )
        self.input_tensors: list[Any] = []
        self.outputs = [tensor]
        self.arguments = SymbolicArguments()


def maker_of(tensor: Any) -> Any:
    """The node that made a symbolic tensor."""
    history = getattr(tensor, "_keras_history", None)
    if history is None or history.operation is None:
        return Entry(tensor)
    made = history.operation._inbound_nodes
    likely = made[history.node_index : history.node_index + 1]
    for node in [*likely, *made]:
        if any(output is tensor for output in node.outputs):
            return node
    return Entry(tensor)


def is_masked(tensor: Any) -> bool:
    """Whether a mask goes along with a symbolic tensor."""
    return vars(tensor).get("_keras_mask") is not None


def mask_of(tensor: Any) -> Any | None:
    """The symbolic mask that goes along with a symbolic tensor; None where there is none."""
    return getattr(tensor, "_keras_mask", None)


def read_node(node: Any) -> tuple[Any, list[Any], list[Any], bool]:
    """What a node applies, takes and makes, and whether it was called with one tensor alone."""
    arguments = node.arguments
    alone = getattr(arguments, "_single_positional_tensor", None) is not None
    return node.operation, node.input_tensors, node.outputs, alone


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


def outputs_of(operation: Any, node: Any, tensors: Sequence[Any]) -> list[Any]:
    """The output tensors that an operation makes in the place of a node's own.

    Args:
        operation: The node's operation, or another of its kind; one that is not built is.
        node: The node, which says with which arguments it is called.
        tensors: What to put in place of the node's input tensors, in their order.
    """
    known = dict(zip(map(id, node.input_tensors), tensors, strict=True))
    args, kwargs = node.arguments.fill_in(known)
    if isinstance(operation, keras.Layer) and not operation.built:
        return list(keras.tree.flatten(operation(*args, **kwargs)))
    return list(keras.tree.flatten(operation.compute_output_spec(*args, **kwargs)))


def settings_of(operation: Any) -> dict[str, Any]:
    """The constructor's settings that a plain operation keeps, without a ``get_config()``."""
    return {k: v for k, v in vars(operation).items() if not k.startswith("_") and k != "name"}


def shape_of(variable: Any) -> tuple[int, ...]:
    """The shape of a variable; asked publicly, TensorFlow makes a costly object of it."""
    return tuple(variable._shape)


def facts_of(variable: Any) -> tuple[str, tuple[int, ...], str, bool]:
    """The path of a variable, its shape, its dtype, and whether training changes it."""
    # Asked publicly, the dtype depends on the scope that is open and is looked up each time.
    return variable.path, tuple(variable._shape), str(variable._dtype), bool(variable._trainable)


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
