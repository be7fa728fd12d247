"""Measuring one batch, part by part, so that memory stays within bounds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from keraslab.debug._batch import Batch
from keraslab.debug._probe_maps import Maps, maps_of
from keraslab.debug._probe_run import Runner
from keraslab.debug._probe_stats import Tally, squared
from keraslab.debug._probe_sums import Sums
from keraslab.graph import Graph, keras_internals

_FORWARD, _BACKWARD = 16 * 2**20, 80 * 2**20
"""Bytes that the outputs of one part may take by the costs of the graph, at the peak of a
prediction and all together in training; what the backend needs beside them is several times
that. A single sample may take more."""
_SAFE = 8
"""Samples at a time where it is not known what one takes."""


@dataclass
class Measured:
    """What was found on one batch."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    maps: dict[str, Maps] = field(default_factory=dict)
    varies: dict[tuple[str, int], float] = field(default_factory=dict)
    """For each output of the model, the largest difference between two samples."""
    loss: float | None = None
    arriving: dict[str, float] = field(default_factory=dict)
    """For each call, the mean over samples of the squared gradient norm."""
    weights: dict[int, float] = field(default_factory=dict)
    """For each variable's id, the norm of the gradient of the batch's loss, where one arrives."""


class Meter:
    """Measures a model on one batch.

    Args:
        model: The model.
        graph: Its graph.
        batch: The data.
        size: Samples in one part; None for as many as fit.
    """

    def __init__(self, model: Any, graph: Graph, batch: Batch, size: int | None) -> None:
        self.model, self.graph, self.batch = model, graph, batch
        self.runner = Runner(model, graph)
        self.samples = batch.size
        costs = graph.costs
        self._forward = size or _fitting(costs.inference_peak, _FORWARD, self.samples)
        self._backward = size or _fitting(costs.training_sum, _BACKWARD, self.samples)
        self.found = Measured()
        self.runner.follow(part_of(batch, slice(1)).x)

    @property
    def part(self) -> int:
        """Samples in one part of the run that gradients are taken of."""
        return self._backward

    def activations(self, training: bool) -> None:
        """Run the batch and count the values of every call."""
        outputs = {(port.call, port.index) for port in self.graph.outputs}
        ends: dict[tuple[str, int], list[Any]] = {}

        def tap(key: tuple[str, int], tensor: Any) -> Any:
            call, index = key
            if index and key not in outputs:
                return tensor
            values = _numbers(tensor)
            if not index:
                first = call not in self.found.tallies
                if first:
                    self.found.tallies[call] = Tally(self.graph.call_by_id[call])
                    if (maps := maps_of(values)) is not None:
                        self.found.maps[call] = maps
                self.found.tallies[call].add(values)
            if key in outputs and values.ndim:
                low, high = values.min(axis=0), values.max(axis=0)
                before = ends.get(key, [low, high])
                if before[0].shape == low.shape:
                    ends[key] = [np.minimum(before[0], low), np.maximum(before[1], high)]
            return tensor

        for part in self._parts(self._forward):
            with keras_internals.running(self.model, training), keras_internals.without_gradients():
                self.runner.run(part.x, training, tap)
        for key, (low, high) in ends.items():
            self.found.varies[key] = float(np.max(high - low)) if high.size else 0.0

    def gradients(self, training: bool) -> None:
        """Run the batch and take the gradients of the compiled loss."""
        variables = list(self.model.trainable_variables)
        sums = Sums()
        arriving = self.found.arriving
        in_parts = self._backward < self.samples

        def heard(key: Any, gradient: np.ndarray[Any, Any]) -> None:
            if isinstance(key, tuple):  # a tensor: its samples' gradients are not added up
                arriving[key[0]] = arriving.get(key[0], 0.0) + self.samples * squared(gradient)
            elif not in_parts:
                self.found.weights[id(variables[key])] = squared(gradient) ** 0.5
            else:
                sums.add(key, gradient)

        def loss_of(part: Batch) -> float:
            def forward(tap: Any, segment: Any) -> Any:
                def only_floats(key: Any, tensor: Any) -> Any:
                    dtype = keras.backend.standardize_dtype(tensor.dtype)
                    return tap(key, tensor) if keras.backend.is_float_dtype(dtype) else tensor

                given = self.runner.run(part.x, training, only_floats, segment)
                loss = keras_internals.compute_loss(self.model, *_of(part, given), training)
                # The loss is a mean over samples, and a part has its share of them.
                return loss * (part.size / self.samples)

            return keras_internals.gradients(self.model, variables, forward, heard, training)

        with contextlib.closing(sums):
            self.found.loss = sum(loss_of(part) for part in self._parts(self._backward))
            for place, norm in sums.norms():
                self.found.weights[id(variables[place])] = norm

    def _parts(self, size: int) -> Iterator[Batch]:
        for start in range(0, self.samples, size):
            yield part_of(self.batch, slice(start, start + size))


def part_of(batch: Batch, cut: slice) -> Batch:
    """Some samples of a batch."""

    def some(leaf: Any) -> Any:
        return None if leaf is None else leaf[cut]

    return Batch(*(keras.tree.map_structure(some, value) for value in batch))


def _tensor(leaf: Any) -> Any:
    return None if leaf is None else keras.ops.convert_to_tensor(leaf)


def _of(part: Batch, given: Any) -> tuple[Any, Any, Any, Any]:
    def tensors(value: Any) -> Any:
        return keras.tree.map_structure(_tensor, value)

    return part.x, tensors(part.y), given, tensors(part.sample_weight)


def _numbers(tensor: Any) -> np.ndarray[Any, Any]:
    values = np.asarray(keras.ops.convert_to_numpy(tensor))
    return values if values.dtype in ("float32", "float64") else values.astype("float32")


def _fitting(bytes_each: int | None, room: int, samples: int) -> int:
    if bytes_each is None:
        return min(_SAFE, samples)
    return max(1, min(samples, room // max(bytes_each, 1)))
