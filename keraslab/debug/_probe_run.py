"""Running a model call by call on real data, so that every value on the way can be looked at."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from keraslab.debug._probe_segments import Step, segments_of, steps_of
from keraslab.graph import Graph, keras_internals
from keraslab.graph._check import ModelError, graph_or_error

Tap = Callable[[tuple[str, int], Any], Any]
"""``tap((call, output), tensor)`` sees a tensor of numbers and gives back what goes on."""
Segment = Callable[[Callable[[list[Any]], list[Any]], list[Any]], list[Any]]
"""``segment(body, tensors)`` gives what ``body(tensors)`` gives."""
_SMALL, _ROOM = 32 * 2**20, 12 * 2**20
"""Bytes that all outputs may take in a run that is held whole, and those of one segment."""
_SEGMENTS = 8
"""A segment of a larger model may take this part of the whole: what passes between segments is
held, and the more of them there are the more that is."""


class _Way(NamedTuple):
    """How the calls of one run are made."""

    training: bool
    tap: Tap
    samples: int
    segment: Segment | None


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
        self._bytes: dict[str, float] = {}
        self._plans: dict[tuple[str | None, int], list[Sequence[Step]]] = {}

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

    def run(self, x: Any, training: bool, tap: Tap, segment: Segment | None = None) -> Any:
        """The outputs in the model's own structure; call inside ``keras_internals.running``.

        Args:
            x: One batch in the model's own structure.
            training: Whether layers act as in training.
            tap: Sees every tensor of numbers.
            segment: Runs a segment of a large model, which it may do more than once. How large
                each is, a run without segments must have shown.
        """
        functional = self._wired
        if functional is None:
            return self._as_one(x, training, tap)
        traced = isinstance(functional, keras_internals.Traced)
        if traced:
            given = [keras.ops.convert_to_tensor(leaf) for leaf in keras.tree.flatten(x)]
        else:
            given = keras_internals.standardized(functional, x)
        samples = next((leaf.shape[0] for leaf in given if len(leaf.shape)), 1)
        total = samples * sum(self._bytes.values())
        way = _Way(training, tap, samples, segment if total > _SMALL else None)
        outputs = self._through(functional, given, way, None)
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
        self, functional: Any, given: list[Any], way: _Way, scope: str | None
    ) -> list[Any]:
        known: dict[int, Any] = dict(zip(map(id, functional.inputs), given, strict=True))
        steps, outputs = steps_of(functional, scope), list(map(id, functional.outputs))
        left = Counter(tensor for step in steps for tensor in step.takes) + Counter(outputs)
        if way.segment is None:
            self._follow(steps, known, left, way)
            return [known[tensor] for tensor in outputs]
        if (scope, way.samples) not in self._plans:
            sizes = {item: way.samples * size for item, size in self._bytes.items()}
            room = max(_ROOM, sum(sizes.values()) / _SEGMENTS)
            self._plans[scope, way.samples] = segments_of(steps, outputs, sizes, room)
        for part in self._plans[scope, way.samples]:
            if part[0].inner is None:
                self._as_segment(part, known, left, way)
            else:
                self._follow(part, known, left, way)
        return [known[tensor] for tensor in outputs]

    def _as_segment(
        self, steps: Sequence[Step], known: dict[int, Any], left: Counter[int], way: _Way
    ) -> None:
        uses = Counter(tensor for step in steps for tensor in step.takes)
        inside: set[int] = set()
        entering: dict[int, None] = {}
        for step in steps:
            entering.update((tensor, None) for tensor in step.takes if tensor not in inside)
            inside.update(step.gives)
        made = dict.fromkeys(tensor for step in steps for tensor in step.gives)
        leaving = [tensor for tensor in made if left[tensor] > uses[tensor]]

        def body(given: list[Any]) -> list[Any]:
            values = dict(zip(entering, given, strict=True))
            self._follow(steps, values, uses + Counter(leaving), way)
            return [values[tensor] for tensor in leaving]

        assert way.segment is not None
        outputs = way.segment(body, [known[tensor] for tensor in entering])
        _release(known, left, uses)
        known.update(zip(leaving, outputs, strict=True))

    def _follow(
        self, steps: Sequence[Step], known: dict[int, Any], left: Counter[int], way: _Way
    ) -> None:
        """Make the calls; ``known`` is given what they give, and what nobody takes leaves it."""
        for step in steps:
            outputs = self._made(step, known, way)
            known.update(zip(step.gives, outputs, strict=True))
            _release(known, left, Counter(step.takes))

    def _made(self, step: Step, known: dict[int, Any], way: _Way) -> list[Any]:
        if step.same:
            return [known[step.takes[0]]]
        if step.inner is not None:
            inputs = keras_internals.inner_inputs(step.inner, step.node, known)
            return self._through(step.inner, inputs, way, step.item)
        if step.is_input:
            outputs = [known[tensor] for tensor in step.gives]
        else:
            outputs = keras_internals.apply_node(step.node, known, way.training)
        if way.segment is None:
            self._bytes[step.item] = sum(map(_bytes, outputs)) / max(way.samples, 1)
        places = self._places(step.item, len(outputs))
        return [_seen(way.tap, p, t) for p, t in zip(places, outputs, strict=True)]

    def _places(self, item: str, count: int) -> list[tuple[str, int] | None]:
        """The call, and which output of it, for each tensor that an item gives."""
        if item in self._calls:
            return [(item, index) for index in range(count)]
        inside = self._leaving.get(item, [])
        return [inside[0]] if count == len(inside) == 1 else [None] * count


def _release(known: dict[int, Any], left: Counter[int], uses: Counter[int]) -> None:
    """Take from what is known what nobody will take any more."""
    for tensor, times in uses.items():
        left[tensor] -= times
        if not left[tensor]:
            known.pop(tensor, None)


def _bytes(tensor: Any) -> int:
    return 4 * math.prod(size or 1 for size in getattr(tensor, "shape", (0,)))


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
