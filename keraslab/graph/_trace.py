"""Opening layers and models that have no graph: what their ``call`` does, as a group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras

from keraslab.graph import keras_internals
from keraslab.graph._check import ModelError
from keraslab.graph._data import TensorSpec
from keraslab.graph._declared import PerClass, deciding_class, declared_by

_MOST_CALLS = 50_000
"""Calls that the traces of one reading may hold together; what comes after stays a box."""

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Opened:
    """What one call of a layer does."""

    graph: keras_internals.Traced
    bound: list[Any]
    """For each input of the graph, the tensor of the caller; None for a mask made here."""
    steps: int | None = 1
    """How often it is done for one sample; None where unknown."""
    given: TensorSpec | None = None
    """What goes in at each step, where that is not the whole tensor."""
    gives: tuple[TensorSpec, ...] | None = None
    """What comes out of all steps together, where that is not what comes out of one."""


class Opener:
    """Opens calls for one reading."""

    def __init__(self) -> None:
        self._known: dict[Any, Opened | None] = {}
        self._calls = 0

    def open(self, node: Any, specs: Mapping[int, TensorSpec | None]) -> Opened | None:
        """What a call does; None where it stays a box.

        Args:
            node: The node of the call.
            specs: For the id of each tensor it takes, what arrives there; None for nothing.
        """
        operation = keras_internals.operation_of(node)
        way = _way_for(type(operation))
        if way is None or self._calls > _MOST_CALLS:
            return None
        tensors = keras_internals.tensors_in(node)
        if any(specs.get(id(tensor)) is None for tensor in tensors):
            return None
        key = None
        if keras_internals.takes_one_tensor(node):
            key = (id(operation), specs[id(tensors[0])])
            if key in self._known:
                return self._again(self._known[key], tensors[0])
        try:
            opened = way(node, {i: spec for i, spec in specs.items() if spec is not None})
        except keras_internals.CannotTraceError:
            opened = None
        if key is not None:
            self._known[key] = opened
        if opened is not None:
            self._calls += len(opened.graph.nodes)
        return opened

    @staticmethod
    def _again(opened: Opened | None, tensor: Any) -> Opened | None:
        """The same layer called again on a tensor of the same kind."""
        if opened is None:
            return None
        bound = [None if old is None else tensor for old in opened.bound]
        return Opened(opened.graph, bound, opened.steps, opened.given, opened.gives)


def trace_model(model: Any) -> keras_internals.Traced:
    """What a subclassed model does, as a graph of its own.

    Args:
        model: A model that was built, so that the shapes it takes are known.

    Raises:
        ModelError: It was not, or its ``call`` cannot be followed.
    """
    name = f"The model '{model.name}' is of the subclass {type(model).__name__} and"
    shapes = keras_internals.shapes_built_for(model)
    wire = (
        "Wire the same layers with the Functional API, or wrap it as one layer: "
        "x = keras.Input(shape=...); keras.Model(x, model(x))."
    )
    if not model.built:
        raise ModelError(
            f"{name} was never called, so it does not know its input shape yet: call it once on "
            "data, or call model.build((None, ...)) with that shape."
        )
    if shapes is None:
        raise ModelError(f"{name} does not tell the shape it was built for. {wire}")
    inputs = {
        key.removesuffix("_shape") or "inputs": _map_shapes(shape, key.removesuffix("_shape"))
        for key, shape in shapes.items()
    }
    args = tuple(inputs.values()) if len(inputs) == 1 else ()
    try:
        return keras_internals.trace(
            model, model.call, args, {} if args else inputs, args[0] if args else inputs
        )
    except keras_internals.CannotTraceError as error:
        raise ModelError(
            f"{name} its call cannot be followed on symbolic tensors ({error}). {wire}"
        ) from error


def _map_shapes(shape: Any, name: str) -> Any:
    """A symbolic tensor for each shape; the batch is left open."""
    if isinstance(shape, dict):
        return {key: _map_shapes(inner, str(key)) for key, inner in shape.items()}
    if all(size is None or isinstance(size, int) for size in shape):
        return keras.KerasTensor((None, *shape[1:]), name=name or "inputs")
    return type(shape)(_map_shapes(inner, f"{name}_{i}") for i, inner in enumerate(shape))


def _follow(node: Any, specs: Mapping[int, TensorSpec]) -> Opened | None:
    """Follow what the layer's ``call`` does."""
    layer = keras_internals.operation_of(node)
    known: dict[int, Any] = {}
    bound: dict[int, Any] = {}
    masks: dict[int, Any] = {}
    # Masks first, so that a mask given as an argument is the one that the tensor carries.
    for tensor in sorted(keras_internals.tensors_in(node), key=lambda t: t.dtype != "bool"):
        if id(tensor) not in known:
            new = keras_internals.like(tensor, specs[id(tensor)].shape, layer, masks)
            known[id(tensor)] = masks[id(tensor)] = new
            bound[id(new)] = tensor
    args, kwargs = keras_internals.filled(node, known)
    graph = keras_internals.trace(layer, layer.call, args, kwargs)
    if not any(keras_internals.tensors_in(made) for made in graph.nodes):
        return None  # it hands on what it gets; as a box it can at least be seen
    recorded = [tuple(tensor.shape) for tensor in keras_internals.tensors_out(node)]
    found = [tuple(tensor.shape) for tensor in graph.outputs]
    if len(recorded) != len(found):
        return None
    exact = all(
        tuple(tensor.shape) == specs[id(tensor)].shape
        for tensor in keras_internals.tensors_in(node)
    )
    if exact and not all(map(_agree, recorded, found)):
        return None
    return Opened(graph, [bound.get(id(tensor)) for tensor in graph.inputs])


def _agree(one: Shape, other: Shape) -> bool:
    return len(one) == len(other) and all(
        a == b or a is None or b is None for a, b in zip(one, other, strict=True)
    )


def _each_step(node: Any, specs: Mapping[int, TensorSpec]) -> Opened | None:
    """Follow the layer in a ``TimeDistributed`` through one step."""
    wrapper = keras_internals.operation_of(node)
    tensor = keras_internals.tensors_in(node)[0]
    spec = specs[id(tensor)]
    if len(spec.shape) < 2:
        return None
    batch, steps, *rest = spec.shape
    new = keras_internals.like(tensor, (batch, *rest), wrapper, None)
    graph = keras_internals.trace(wrapper, wrapper.layer, (new,), {})
    gives = tuple(
        TensorSpec((made.shape[0], steps, *made.shape[1:]), str(made.dtype), spec.masked)
        for made in graph.outputs
    )
    given = TensorSpec((batch, *rest), spec.dtype)
    bound = [tensor if one is new else None for one in graph.inputs]
    return Opened(graph, bound, steps, given, gives)


_Way = Callable[[Any, Mapping[int, TensorSpec]], Opened | None]
_WAYS = PerClass()


def _way_for(kind: type) -> _Way | None:
    try:
        way: _Way | None = _WAYS[kind]
    except KeyError:
        way = _WAYS[kind] = _find_way(kind)
    return way


def opens(operation: Any) -> bool:
    """Whether calls of a layer may be opened."""
    return _way_for(type(operation)) is not None


def _find_way(kind: type) -> _Way | None:
    """How calls of a class are opened: those whose ``call`` is not Keras' own, and wrappers."""
    if not issubclass(kind, keras.layers.Layer):
        return None
    owner = deciding_class(kind)
    if owner is None or declared_by(owner) or getattr(owner, "stays_closed", False):
        return None
    if not owner.__module__.startswith("keras."):
        return _follow
    if owner.__name__ == "TimeDistributed":
        return _each_step
    wraps = issubclass(owner, keras.layers.Wrapper) or owner.__name__ == "Bidirectional"
    return _follow if wraps else None
