"""What someone's own loss does with the axis of the samples: followed once, without data."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keraslab.debug._heads import Head, resolved
from keraslab.debug._misfit import Array
from keraslab.debug._trial import nothing_left_behind
from keraslab.graph import Graph, read_graph

Shape = tuple[int, ...]
_BATCHES = (7, 11)
"""Numbers of samples that hardly any other axis has."""
_RAISING = frozenset({"ExpandDims", "GetItem", "Reshape", "StridedSlice", "NewAxis"})
_DROPPING = frozenset({"GetItem", "Squeeze", "Reshape", "StridedSlice", "Ravel", "Flatten"})


@dataclass(frozen=True)
class Own:
    """A loss or metric of someone's own, as Keras calls it."""

    given: Any
    """What ``compile`` was given."""
    function: Callable[..., Any]
    aligns: bool
    """Whether Keras brings targets and outputs to one number of axes first."""

    @property
    def names(self) -> tuple[str, str]:
        """What it calls the targets and the outputs."""
        try:
            found = [name for name in inspect.signature(self.function).parameters if name != "self"]
        except (TypeError, ValueError):
            found = []
        return (found[0], found[1]) if len(found) > 1 else ("y_true", "y_pred")

    def arrays(self, true: Array, values: Array) -> tuple[Array, Array]:
        """Targets and outputs as it gets them."""
        if self.aligns and true.ndim != values.ndim:
            low, high = sorted((true, values), key=np.ndim)
            if high.ndim == low.ndim + 1 and high.shape[-1] == 1:
                if low.ndim == 1:
                    return true.reshape(high.shape), values.reshape(high.shape)
                return true.reshape(low.shape), values.reshape(low.shape)
        return true, values


def own_losses(head: Head) -> Iterator[Own]:
    """The loss and the metrics of an output that are someone's own.

    Args:
        head: The output.
    """
    loss = head.loss
    if loss is not None and loss.name is None:
        given: Any = loss.given
        function, settings = resolved(given) or (None, {})
        if function is not None and not inspect.isclass(given):
            yield Own(given, _with(function, settings), True)
        elif isinstance(given, keras.losses.Loss):
            yield Own(given, given.call, False)
        elif inspect.isclass(given) and issubclass(given, keras.losses.Loss):
            try:
                made = keras.losses.get(given)
            except Exception:  # it may want arguments
                return
            yield Own(given, made.call, False)
    for metric in head.metrics:
        if inspect.isfunction(metric) and (metric.__module__ or "").split(".")[0] != "keras":
            yield Own(metric, metric, False)


def _with(function: Callable[..., Any], settings: Any) -> Callable[..., Any]:
    if not settings:
        return function

    def called(y_true: Any, y_pred: Any) -> Any:
        return function(y_true, y_pred, **settings)

    return called


@dataclass(frozen=True)
class Step:
    """Something that is done with tensors: the shapes that go in, and the one that comes out."""

    inputs: tuple[Shape, ...]
    output: Shape
    makers: tuple[tuple[str, Shape, Any], ...]
    """For each input what made it, from which shape, and from which tensor."""
    given: tuple[Any, ...]
    """The tensors that go in."""


def stretched(function: Callable[..., Any], true: Shape, values: Shape) -> tuple[Shape, ...] | None:
    """The shapes that a loss sets against each other so that all samples meet; None for none.

    Args:
        function: The loss, as Keras calls it.
        true: The sizes of the targets of one sample.
        values: Those of its outputs.

    Returns:
        The shapes with ``-1`` for the number of samples.
    """
    found: list[tuple[Shape, ...]] = []
    for batch in _BATCHES:
        if batch in (*true, *values):
            return None
        shapes = next(_all_meet(function, (batch, *true), (batch, *values), batch), None)
        if shapes is None:
            return None
        found.append(tuple(tuple(-1 if s == batch else s for s in each) for each in shapes))
    return found[0] if found[0] == found[1] else None


def _all_meet(
    function: Callable[..., Any], true: Shape, values: Shape, batch: int
) -> Iterator[tuple[Shape, ...]]:
    for step in _steps(function, true, values):
        ranks = {len(shape) for shape in step.inputs if shape}
        if len(ranks) < 2 or step.output.count(batch) < 2 or len(step.output) != max(ranks):
            continue
        if any(shape.count(batch) > 1 for shape in step.inputs) or _on_purpose(step):
            continue
        with_samples = [shape for shape in step.inputs if batch in shape]
        if len({len(shape) for shape in with_samples}) > 1:
            yield tuple(dict.fromkeys(sorted(with_samples, key=len)))


def _on_purpose(step: Step) -> bool:
    """Whether an axis was put in for it, or a tensor is set against a slice of itself."""
    most = max(map(len, step.inputs))
    for shape, (kind, before, source) in zip(step.inputs, step.makers, strict=True):
        if len(shape) == most and kind in _RAISING and len(before) < most:
            return True
        if len(shape) < most and kind in _DROPPING and source in step.given:
            return True
    return False


def _steps(function: Callable[..., Any], true: Shape, values: Shape) -> Iterator[Step]:
    try:
        with nothing_left_behind():
            tensors = [keras.Input(batch_shape=shape) for shape in (true, values)]
            result = function(*tensors)
        graph = read_graph(result) if isinstance(result, keras.KerasTensor) else None
    except Exception:  # it may use functions that take no symbolic tensors
        graph = None
    if graph is not None:
        yield from _of_graph(graph)
    elif keras.backend.backend() == "tensorflow":
        yield from _of_tensorflow(function, true, values)


def _of_graph(graph: Graph) -> Iterator[Step]:
    for call in graph.calls:
        if call.kind == "input" or not call.outputs or len(call.inputs) < 2:
            continue
        makers = []
        edges = graph.edges_into[call.id]
        for edge in edges:
            maker = graph.call_by_id[edge.source]
            above = graph.edges_into[maker.id]
            before = maker.inputs[0].shape if maker.inputs else ()
            source = (above[0].source, above[0].source_index) if above else None
            makers.append((maker.type, _whole(before), source))
        yield Step(
            tuple(_whole(spec.shape) for spec in call.inputs),
            _whole(call.outputs[0].shape),
            tuple(makers),
            tuple((edge.source, edge.source_index) for edge in edges),
        )


def _of_tensorflow(function: Callable[..., Any], true: Shape, values: Shape) -> Iterator[Step]:
    tf: Any = importlib.import_module("tensorflow")
    try:
        with nothing_left_behind():
            specs = [tf.TensorSpec(shape, keras.config.floatx()) for shape in (true, values)]
            # A function of its own, so that none of the person's traces is thrown away.
            traced = tf.function(lambda one, other: function(one, other), autograph=False)
            operations = traced.get_concrete_function(*specs).graph.get_operations()
    except Exception:  # it wants other values, or Python numbers
        return
    for each in operations:
        shapes = [_of_tensor(tensor) for tensor in each.inputs]
        if len(shapes) < 2 or len(each.outputs) != 1 or None in shapes:
            continue
        output = _of_tensor(each.outputs[0])
        makers = []
        for tensor in each.inputs:
            above = list(tensor.op.inputs)
            before = _of_tensor(above[0]) if above else ()
            makers.append((tensor.op.type, before or (), above[0].name if above else None))
        if output is not None:
            known = tuple(shape for shape in shapes if shape is not None)
            yield Step(known, output, tuple(makers), tuple(tensor.name for tensor in each.inputs))


def _of_tensor(tensor: Any) -> Shape | None:
    return tuple(tensor.shape.as_list()) if tensor.shape.rank is not None else None


def _whole(shape: Sequence[int | None]) -> Shape:
    return tuple(-2 if size is None else size for size in shape)


def mixes(function: Callable[..., Any], true: Array, values: Array) -> bool | None:
    """Whether the loss of several samples is another one than those of each put together.

    Args:
        function: The loss, as Keras calls it.
        true: A few targets.
        values: Outputs for them.

    Returns:
        None where that cannot be told.
    """

    def mean(first: int, last: int) -> tuple[float, float]:
        parts = [keras.ops.convert_to_tensor(each[first:last]) for each in (true, values)]
        found = np.asarray(keras.ops.convert_to_numpy(function(*parts)), "float64")
        return float(found.mean()), float(found.sum())

    try:
        with nothing_left_behind():
            whole = mean(0, len(true))
            if mean(0, len(true)) != whole:  # chance is in it
                return None
            single = [mean(index, index + 1) for index in range(len(true))]
    except Exception:  # a loss of someone's own may want other values than these
        return None
    average, total = np.mean([one[0] for one in single]), np.sum([one[1] for one in single])
    if not np.isfinite([*whole, average, total]).all():
        return None
    near = [np.isclose(whole[0], average, rtol=1e-3), np.isclose(whole[1], total, rtol=1e-3)]
    return not any(near)
