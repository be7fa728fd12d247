"""A call of ``compile``, ``fit``, ``evaluate`` ... tried on a few samples and made-up outputs.

The model does not run. Its outputs are made up in the shapes that its graph gives, the targets
are a few of the person's own, and Keras' own losses and metrics compare the two once.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import keras
import numpy as np

from keraslab.debug._arrays import pair_data
from keraslab.debug._batch import gives_batches
from keraslab.debug._fit_case import LEARNING, FitCase
from keraslab.debug._heads import Head, all_heads
from keraslab.debug._input_forms import input_misfit
from keraslab.debug._pairing import is_numeric, part_of
from keraslab.debug._reading_values import UnsureError
from keraslab.graph import Graph, keras_internals, read_graph

_BY_BATCHES = frozenset({"fit", "evaluate", "predict"})
_WHOLE = (
    *("epochs", "batch_size", "initial_epoch", "steps_per_epoch", "steps"),
    *("validation_steps", "validation_batch_size"),
)
_ARRAYS_OF = frozenset({"numpy", "pandas", "tensorflow", "torch", "jax", "jaxlib"})
_ROWS, _LARGEST = 6, 2_000_000
"""Samples that are looked at, and values up to which their outputs are made up."""
_MOST_METRICS = 6
"""Metrics that are still tried: each takes some milliseconds to make."""


@dataclass(frozen=True, eq=False)
class Made:
    """An object of a class of Keras' own as a text makes it, not made yet."""

    work: Any
    args: Sequence[Any]
    kwargs: Mapping[str, Any]


def takes(case: FitCase, given: Mapping[str, Any]) -> bool | None:
    """Whether Keras takes a call with other arguments, as the model is compiled now.

    Args:
        case: The call that failed.
        given: The arguments of the call by name.

    Returns:
        None where that cannot be tried.
    """
    compiled = keras_internals.compiled_with(case.model)
    kept = compiled._asdict() if compiled is not None else None
    graph = case.graph if case.readable else None
    try:
        FitTrial(case.function, case.model, given, kept, False, graph).finish()
    except UnsureError:
        return None
    except Exception:  # whatever Keras raises of it
        return False
    return True


class FitTrial:
    """Tries one call; whatever Keras would raise of it, this raises.

    Args:
        function: ``compile``, ``fit`` ...; ``__call__`` for a model called on arrays.
        model: The model; it is asked for its shapes alone.
        given: The arguments of the call by name.
        compiled: The arguments of ``compile`` by name; None where it was not called.
        fresh: Whether ``compile`` was read from a text, and its names are to be looked up.
        graph: The model as data, where it is known.

    Raises:
        UnsureError: Trying it would need code of the person's, or data that would be used up.
    """

    def __init__(
        self,
        function: str,
        model: Any,
        given: Mapping[str, Any],
        compiled: Mapping[str, Any] | None,
        fresh: bool,
        graph: Graph | None = None,
    ) -> None:
        self._function, self._model, self._given = function, model, given
        self._compiled, self._fresh, self._graph = compiled, fresh, graph
        self._steps: list[tuple[Any, Any, Any]] = []
        if not keras_internals.module_in_keras(type(model)):
            _stop()  # its compile() and train_step() may be anything
        if function == "compile":
            return
        if function in LEARNING and compiled is None:
            raise ValueError(f"{function}() before compile()")
        self._look_at_settings()
        self._look_at_arrays()

    # Before anything is made: the settings and the shapes.

    def _look_at_settings(self) -> None:
        for name in _WHOLE:
            if self._given.get(name) is not None and operator.index(self._given[name]) < 0:
                _stop()
        split = self._given.get("validation_split") or 0
        if not isinstance(split, (int, float)) or not 0 <= split < 1:
            _stop()
        for each in keras.tree.flatten(self._given.get("callbacks")):
            if inspect.isclass(each):
                raise TypeError(f"{each.__name__} is a class")

    def _look_at_arrays(self) -> None:
        names = ("x", "y", "sample_weight", "class_weight")
        self._look_at(*(self._given.get(name) for name in names))
        held = self._given.get("validation_data")
        if held is not None:
            if gives_batches(held):
                _stop()
            self._look_at(*keras.utils.unpack_x_y_sample_weight(held))

    def _look_at(self, x: Any, y: Any = None, weight: Any = None, by_class: Any = None) -> None:
        if x is None:
            raise ValueError("no x")
        if any(each is not None and gives_batches(each) for each in (x, y, weight)):
            _stop()  # what gives one batch after the other would lack it afterwards
        functional = keras_internals.functional_of(self._model)
        if functional is None:
            _stop()
        x, y, weight = (_short(each) for each in (x, y, weight))
        leaves = [each for each in keras.tree.flatten((x, y, weight)) if hasattr(each, "shape")]
        if any(type(each).__module__.split(".")[0] not in _ARRAYS_OF for each in leaves):
            _stop()
        if len({int(each.shape[0]) for each in leaves if len(each.shape)}) > 1:
            if self._function not in _BY_BATCHES:
                _stop()
            raise ValueError("arrays of several lengths")
        rows = _rows_of(leaves, keras.tree.flatten(y), _most_rows([*leaves, *functional.outputs]))
        few = keras.tree.map_structure(lambda each: _part(each, rows), (x, y, weight))
        if self._function != "__call__":
            few = keras_internals.first_batch(few, by_class)
        tensors = keras_internals.as_inputs(functional, few[0])
        self._look_at_ids(x)
        if self._function in LEARNING:
            outputs = self._outputs(functional, tensors)
            self._steps.append((few[1], outputs, few[2]))

    def _look_at_ids(self, x: Any) -> None:
        """Ids that an embedding has no row for."""
        if not any(isinstance(each, keras.layers.Embedding) for each in self._model.layers):
            return
        pairing = pair_data(self.graph, (), x).x
        for slot in pairing.slots:
            found = input_misfit(slot, slot.name, self.graph)
            if found is not None and found.kind == "ids":
                raise IndexError(found.message)

    @property
    def graph(self) -> Graph:
        """The model as data."""
        if self._graph is None:
            self._graph = read_graph(self._model)
        return self._graph

    def _outputs(self, functional: Any, tensors: Sequence[Any]) -> Any:
        """Made-up outputs, of the kind that each output's activation gives."""
        own = any(_is_own(each) for each in keras_internals.layers_within(functional))
        same = all(
            tuple(tensor.shape[1:]) == tuple(ref.shape[1:])
            for tensor, ref in zip(tensors, functional.inputs, strict=True)
        )
        if own and not same:
            _stop()  # only the person's own code knows the shapes for these
        specs = keras_internals.outputs_given(functional, list(tensors))
        heads = iter(all_heads(self._model, self.graph).heads)
        rows = len(tensors[0])
        return keras.tree.map_structure(lambda spec: _made_up(spec, rows, next(heads)), specs)

    # Then what Keras makes of it.

    def finish(self) -> None:
        """Look up names, build losses and metrics, and compare outputs with targets.

        Raises:
            UnsureError: That would need code of the person's.
            Exception: Whatever Keras raises of it.
        """
        compiles = self._function == "compile"
        if not compiles and self._function not in LEARNING:
            return
        if keras_internals.in_stateless_scope():  # no optimizer can be made there
            _stop()
        given = dict(self._given if compiles else self._compiled or {})
        memo: dict[int, Any] = {}
        for name in ("loss", "metrics", "weighted_metrics"):
            given[name] = _real(given.get(name), memo)
        if self._fresh or compiles:
            optimizer = _real(given.get("optimizer", "rmsprop"), memo)
            keras.optimizers.get(optimizer)
        names = getattr(self._model, "output_names", None)
        if compiles:
            keras_internals.CompiledAnew(names, given)
            return
        several = [*_leaves([given["metrics"], given["weighted_metrics"]])]
        if len(several) > _MOST_METRICS:
            _stop()
        if given["loss"] is None and not keras_internals.adds_losses(self._model):
            if any(map(_is_own, keras_internals.layers_within(self._model))):
                _stop()  # their code may add one
            raise ValueError("no loss")
        compiled = keras_internals.CompiledAnew(names, given)
        for step in self._steps:
            compiled.step(*step)


def _stop() -> NoReturn:
    raise UnsureError


def _is_own(layer: Any) -> bool:
    """Whether a layer runs code of the person's."""
    kind = type(layer)
    return isinstance(layer, keras.layers.Lambda) or not keras_internals.module_in_keras(kind)


def _short(value: Any) -> Any:
    """A long list without its tail: of one with so many items, each is a plain value."""
    return value[:_ROWS] if isinstance(value, (list, tuple)) and len(value) > 200 else value


def _most_rows(arrays: Sequence[Any]) -> int:
    sizes = [int(np.prod([size or 1 for size in each.shape[1:]])) for each in arrays]
    return max(1, min(_ROWS, _LARGEST // max(*sizes, 1)))


def _rows_of(leaves: Sequence[Any], targets: Sequence[Any], most: int) -> Any:
    """A few samples: the first two, and those with the smallest and the largest targets."""
    if any(type(each) is not np.ndarray or not each.ndim for each in leaves):
        return slice(0, min(2, most))
    chosen = [0, 1]
    for each in targets:
        if isinstance(each, np.ndarray) and each.size and is_numeric(each):
            part = part_of(each)
            ends = (part.argmin(), part.argmax())
            chosen += [int(np.unravel_index(end, part.shape)[0]) for end in ends]
    length = min((len(each) for each in leaves), default=0)
    return sorted({row for row in chosen if row < length})[-most:]


def _part(value: Any, rows: Any) -> Any:
    if not hasattr(value, "shape") or not len(value.shape):
        return value
    return value.iloc[rows] if hasattr(value, "iloc") else value[rows]


def _made_up(spec: Any, rows: int, head: Head) -> np.ndarray[Any, Any]:
    if any(size is None for size in spec.shape[1:]):
        _stop()
    shape = (rows, *spec.shape[1:])
    if int(np.prod(shape)) > _LARGEST:
        _stop()
    values = np.random.default_rng(0).uniform(0.1, 0.9, shape).astype("float32")
    if head.activation == "softmax":
        values /= values.sum(-1, keepdims=True)
    return values


def _real(value: Any, memo: dict[int, Any]) -> Any:
    """What a text makes, made; and a copy of each metric, whose state is not to change."""
    if isinstance(value, (list, tuple)):
        parts = [_real(each, memo) for each in value]
        return tuple(parts) if isinstance(value, tuple) else parts
    if isinstance(value, Mapping):
        return {key: _real(each, memo) for key, each in value.items()}
    if value is None or isinstance(value, (str, bool, int, float, np.generic)):
        return value  # a name can only be one of Keras' own
    if id(value) in memo:
        return memo[id(value)]
    made = value
    if isinstance(value, Made):
        args, kwargs = _real(list(value.args), memo), _real(value.kwargs, memo)
        made = value.work(*args, **kwargs)
    else:
        _only_of_keras(value)
        if isinstance(value, keras.metrics.Metric):
            made = type(value).from_config(value.get_config())
    memo[id(value)] = made
    return made


def _only_of_keras(value: Any) -> None:
    """Stop at what would run code of the person's."""
    inner = getattr(value, "fn", None) or getattr(value, "_fn", None)
    for each in (value, inner):
        if each is not None and not keras_internals.module_in_keras(each):
            _stop()


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple, Mapping)):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(each)
    else:
        yield value
