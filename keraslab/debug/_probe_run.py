"""Running a model call by call on real data, so that every value on the way can be looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from keraslab.graph import Graph, keras_internals
from keraslab.graph._check import ModelError, graph_or_error
from keraslab.graph._walk import _casts_nothing

Tap = Callable[[tuple[str, int], Any], Any]
"""``tap((call, output), tensor)`` sees a tensor of numbers and gives back what goes on."""


class Runner:
    """Runs one model, and shows every tensor that a call of its graph gives.

    A layer or model whose ``call`` is Python code of its own runs as a whole: of it only what
    comes out is seen.

    Args:
        model: The model.
        graph: Its graph, which says what the calls are named.
    """

    def __init__(self, model: Any, graph: Graph) -> None:
        self.model = model
        self._calls = graph.call_by_id
        self._leaving = _leaving(graph)
        self._ports = [(port.call, port.index) for port in graph.outputs]
        self._wired = keras_internals.functional_of(model)

    def follow(self, x: Any) -> None:
        """Follow the code of a subclassed model, where that gives what the model gives.

        Args:
            x: One sample or more to try it on.
        """
        if self._wired is not None:
            return
        try:
            followed: Any = graph_or_error(self.model)
        except ModelError:
            return
        whole = self._flat(x, False, _unseen)
        self._wired = followed
        try:
            parts = self._flat(x, False, _unseen)
            same = len(whole) == len(parts) and all(map(_alike, whole, parts))
        except Exception:  # code that was followed on symbols may not run on numbers
            same = False
        if not same:
            self._wired = None

    def run(self, x: Any, training: bool, tap: Tap) -> Any:
        """The outputs in the model's own structure; call inside ``keras_internals.running``.

        Args:
            x: One batch in the model's own structure.
            training: Whether layers act as in training.
            tap: Sees every tensor of numbers.
        """
        functional = self._wired
        if functional is None:
            return self._as_one(x, training, tap)
        traced = isinstance(functional, keras_internals.Traced)
        if traced:
            given = [keras.ops.convert_to_tensor(leaf) for leaf in keras.tree.flatten(x)]
        else:
            given = keras_internals.standardized(functional, x)
        outputs = self._through(functional, given, training, tap, None)
        structure = keras_internals.output_structure(functional)
        return keras.tree.pack_sequence_as(structure, outputs)

    def _flat(self, x: Any, training: bool, tap: Tap) -> list[Any]:
        with keras_internals.running(self.model, training), keras_internals.without_gradients():
            return list(keras.tree.flatten(self.run(x, training, tap)))

    def _as_one(self, x: Any, training: bool, tap: Tap) -> Any:
        outputs = self.model(x, training=training)
        flat = keras.tree.flatten(outputs)
        if len(flat) == len(self._ports):
            flat = [_seen(tap, port, t) for port, t in zip(self._ports, flat, strict=True)]
        return keras.tree.pack_sequence_as(outputs, flat)

    def _through(
        self, functional: Any, given: list[Any], training: bool, tap: Tap, scope: str | None
    ) -> list[Any]:
        known: dict[int, Any] = dict(zip(map(id, functional.inputs), given, strict=True))
        nodes = keras_internals.nodes_of(functional)
        left = Counter(id(t) for node in nodes for t in keras_internals.tensors_in(node))
        left.update(map(id, functional.outputs))
        traced = isinstance(functional, keras_internals.Traced)
        made: Counter[str] = Counter()
        for node in nodes:
            operation = keras_internals.operation_of(node)
            is_input = isinstance(operation, keras.layers.InputLayer)
            if is_input and scope is not None:
                continue
            takes, gives = keras_internals.tensors_in(node), keras_internals.tensors_out(node)
            if not is_input and not all(id(tensor) in known for tensor in takes):
                continue
            if traced and _casts_nothing(node):
                known[id(gives[0])] = known[id(takes[0])]
                continue
            name = f"{operation.name}#{made[operation.name]}"
            made[operation.name] += 1
            item = name if scope is None else f"{scope}/{name}"
            if is_input:
                outputs = [known[id(tensor)] for tensor in gives]
            elif (inner := keras_internals.functional_of(operation)) is not None:
                inputs = keras_internals.inner_inputs(inner, node, known)
                outputs = self._through(inner, inputs, training, tap, item)
            else:
                outputs = keras_internals.apply_node(node, known, training)
            if is_input or inner is None:
                places = self._places(item, len(outputs))
                outputs = [_seen(tap, p, t) for p, t in zip(places, outputs, strict=True)]
            known.update(zip(map(id, gives), outputs, strict=True))
            for tensor in takes:  # what nobody takes any more makes room
                left[id(tensor)] -= 1
                if not left[id(tensor)]:
                    del known[id(tensor)]
        return [known[id(tensor)] for tensor in functional.outputs]

    def _places(self, item: str, count: int) -> list[tuple[str, int] | None]:
        """The call, and which output of it, for each tensor that an item gives."""
        if item in self._calls:
            return [(item, index) for index in range(count)]
        inside = self._leaving.get(item, [])
        return [inside[0]] if count == len(inside) == 1 else [None] * count


def _unseen(_key: Any, tensor: Any) -> Any:
    return tensor


def _seen(tap: Tap, key: tuple[str, int] | None, tensor: Any) -> Any:
    if key is None or not hasattr(tensor, "dtype"):
        return tensor
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    return tensor if dtype in ("bool", "string") else tap(key, tensor)


def _alike(one: Any, other: Any) -> bool:
    a, b = (np.asarray(keras.ops.convert_to_numpy(t), "float64") for t in (one, other))
    return a.shape == b.shape and np.allclose(a, b, 1e-3, 1e-5, equal_nan=True)


def _leaving(graph: Graph) -> Mapping[str, list[tuple[str, int]]]:
    """For each call that stands open in the graph, what leaves the calls inside it."""
    found: dict[str, dict[tuple[str, int], None]] = {}

    def note(source: str, index: int, target: str) -> None:
        for scope in _scopes(source):
            if not target.startswith(f"{scope}/"):
                found.setdefault(scope, {})[source, index] = None

    for edge in graph.edges:
        note(edge.source, edge.source_index, edge.target)
    for port in graph.outputs:
        note(port.call, port.index, "")
    return {scope: list(sources) for scope, sources in found.items()}


def _scopes(call: str) -> Iterator[str]:
    parts = call.split("/")
    for length in range(1, len(parts)):
        yield "/".join(parts[:length])
