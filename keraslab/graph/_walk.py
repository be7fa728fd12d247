"""Walking a model and the models nested in it, call by call."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import keras

from keraslab.graph import keras_internals
from keraslab.graph._arguments import arguments_text
from keraslab.graph._data import Edge, TensorSpec
from keraslab.graph._groups import Item, Scope
from keraslab.graph._macs import macs_of

Kind = Literal["input", "layer", "operation"]


class Source(NamedTuple):
    """Where a tensor comes from in the graph of calls."""

    call: str
    output: int
    spec: TensorSpec
    rows: int | None
    """How many entries along the first axis belong to one sample; None where unknown."""


@dataclass(slots=True)
class Draft:
    """A call before it is known how often its layer is called, and in which group it is."""

    id: str
    kind: Kind
    layer: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    arguments: tuple[str, ...]
    macs: int | None
    operation: Any


@dataclass
class Walk:
    """Collects the calls, edges and scopes of a model."""

    calls: list[Draft] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    sources: dict[int, Source | None] = field(default_factory=dict)
    """For the id of each tensor of the model itself, where it comes from."""
    _names: dict[int, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def through(
        self,
        functional: Any,
        scope: str | None = None,
        given: Sequence[Source | None] | None = None,
    ) -> list[Source | None]:
        """Walk through one model, or one call of a nested model.

        Args:
            functional: The Functional graph.
            scope: The id of the nested model's call; None for the model itself.
            given: For each input of a nested model, the source of its tensor.

        Returns:
            For each output of the graph, the source of its tensor.
        """
        sources: dict[int, Source | None] = self.sources
        exact = True
        if given is not None:
            sources = dict(zip(map(id, functional.inputs), given, strict=True))
            exact = all(map(_unchanged, functional.inputs, given))
        # The place is kept before the nested scopes are added, so that parents come first.
        place = len(self.scopes)
        self.scopes.append(Scope(scope, id(functional), ()))
        items: list[Item] = []
        made: Counter[int] = Counter()
        for node in keras_internals.nodes_of(functional):
            operation = keras_internals.operation_of(node)
            kind = _kind(operation)
            if kind == "input" and given is not None:
                continue
            name = f"{operation.name}#{made[id(operation)]}"
            made[id(operation)] += 1
            item = name if scope is None else f"{scope}/{name}"
            tensors_out = keras_internals.tensors_out(node)
            inner = keras_internals.functional_of(operation)
            if inner is None:
                found = self._call(item, node, kind, scope, sources, exact)
            else:
                bound = [sources.get(id(t)) for t in _bound_inputs(inner, node)]
                found = self.through(inner, item, bound)
            sources.update(zip(map(id, tensors_out), found, strict=True))
            items.append(
                Item(
                    item,
                    operation.name,
                    id(operation),
                    kind,
                    tuple(map(id, keras_internals.tensors_in(node))),
                    tuple(map(id, tensors_out)),
                    inner is not None,
                )
            )
        self.scopes[place] = Scope(scope, id(functional), tuple(items))
        return [sources.get(id(tensor)) for tensor in functional.outputs]

    def _call(
        self,
        item: str,
        node: Any,
        kind: Kind,
        scope: str | None,
        sources: Mapping[int, Source | None],
        exact: bool,
    ) -> list[Source | None]:
        operation = keras_internals.operation_of(node)
        present: list[Source] = []
        keys: list[str | None] = []
        for tensor, key in zip(keras_internals.tensors_in(node), _keys_of(node), strict=True):
            source = sources.get(id(tensor))
            if source is not None:
                edge = Edge(source.call, source.output, item, len(present), source.spec, key)
                self.edges.append(edge)
                present.append(source)
                keys.append(key)
        inputs = tuple([source.spec for source in present])
        outputs = _output_specs(node, sources, exact)
        macs = macs_of(operation, inputs, outputs, tuple(keys), _operands(node, kind, sources))
        if macs:
            rows = _common_rows(present)
            macs = None if rows is None else macs * rows
        arguments = () if kind == "input" else arguments_text(node)
        layer = self._name(operation, scope)
        self.calls.append(Draft(item, kind, layer, inputs, outputs, arguments, macs, operation))
        rows_out = _rows_after(operation, present, outputs)
        return [Source(item, index, spec, rows_out) for index, spec in enumerate(outputs)]

    def _name(self, operation: Any, scope: str | None) -> str:
        """A name that no other layer or operation of the graph has, the same in each build."""
        name = self._names.get(id(operation))
        if name is None:
            where = [] if scope is None else [part.rsplit("#", 1)[0] for part in scope.split("/")]
            name = plain = "/".join([*where, operation.name])
            again = 2
            while name in self._taken:
                name, again = f"{plain}~{again}", again + 1
            self._names[id(operation)] = name
            self._taken.add(name)
        return name


def _kind(operation: Any) -> Kind:
    if isinstance(operation, keras.layers.InputLayer):
        return "input"
    return "layer" if isinstance(operation, keras.layers.Layer) else "operation"


def spec_of(tensor: Any) -> TensorSpec:
    """The shape and dtype of a symbolic tensor."""
    return TensorSpec(tuple(tensor.shape), str(tensor.dtype))


def _unchanged(tensor: Any, source: Source | None) -> bool:
    return source is None or source.spec.shape == tuple(tensor.shape)


def _output_specs(
    node: Any, sources: Mapping[int, Source | None], exact: bool
) -> tuple[TensorSpec, ...]:
    """The outputs of this call; inferred again where a nested model was given other sizes."""
    recorded = keras_internals.tensors_out(node)
    tensors = keras_internals.tensors_in(node)
    if exact or all(_unchanged(t, sources.get(id(t))) for t in tensors):
        return tuple([spec_of(tensor) for tensor in recorded])
    known: dict[int, Any] = {}
    for tensor in tensors:
        source = sources.get(id(tensor))
        known[id(tensor)] = source and keras.KerasTensor(source.spec.shape, tensor.dtype)
    try:
        return tuple([spec_of(tensor) for tensor in keras_internals.outputs_for(node, known)])
    except Exception:  # a stranger's layer may raise anything: then its sizes are unknown
        return tuple([TensorSpec((None,) * len(t.shape), str(t.dtype)) for t in recorded])


def _keys_of(node: Any) -> tuple[str | None, ...]:
    """For each tensor that a node takes, the dict key or keyword it stands under."""
    if keras_internals.takes_one_tensor(node):
        return (None,)
    args, kwargs = keras_internals.arguments_of(node)
    if not kwargs and not any(isinstance(arg, dict) for arg in args):
        return (None,) * len(keras_internals.tensors_in(node))
    return tuple(
        # A path starts with 0 and a position for args, with 1 and a keyword for kwargs.
        next((part for part in reversed(path[1:]) if isinstance(part, str)), None)
        for path, leaf in keras.tree.flatten_with_path((args, kwargs))
        if isinstance(leaf, keras.KerasTensor)
    )


def _bound_inputs(inner: Any, node: Any) -> list[Any]:
    """The tensors a nested model was called with, in the order of its own inputs."""
    args, kwargs = keras_internals.arguments_of(node)
    value = args[0] if args else kwargs.get("inputs")
    structure = keras_internals.input_structure(inner)
    if isinstance(value, dict):
        # Keras matches a dict with listed inputs by the names of the inputs.
        listed = [tensor.name for tensor in inner.inputs]
        names = sorted(structure) if isinstance(structure, dict) else listed
        if all(name in value for name in names):
            value = [value[name] for name in names]
    bound = keras.tree.flatten(value)[: len(inner.inputs)]
    return [*bound, *[None] * (len(inner.inputs) - len(bound))]


def _operands(
    node: Any, kind: Kind, sources: Mapping[int, Source | None]
) -> tuple[tuple[int | None, ...], ...]:
    """The shapes of what a plain operation was given by position, constant arrays included."""
    if kind != "operation" or keras_internals.takes_one_tensor(node):
        return ()
    shapes: list[tuple[int | None, ...]] = []
    for arg in keras.tree.flatten(keras_internals.arguments_of(node)[0]):
        source = sources.get(id(arg))
        if source is not None:
            # The first size is the batch, of which one sample is counted.
            shapes.append((1, *source.spec.shape[1:]) if source.spec.shape else ())
        elif hasattr(arg, "shape"):
            shapes.append(tuple(arg.shape))
    return tuple(shapes)


def _common_rows(present: Sequence[Source]) -> int | None:
    rows = {source.rows for source in present}
    return rows.pop() if len(rows) == 1 else None if rows else 1


def _rows_after(
    operation: Any, present: Sequence[Source], outputs: tuple[TensorSpec, ...]
) -> int | None:
    """Follow one sample through ``keras.ops.reshape``, which may fold steps into the batch."""
    rows = _common_rows(present)
    if rows is None or isinstance(operation, keras.layers.Layer):
        return rows
    if type(operation).__name__ != "Reshape" or not outputs[0].shape:
        return rows
    before, after = present[0].spec.shape[1:], outputs[0].shape[1:]
    if before.count(None) != after.count(None):
        return None
    values = rows * math.prod(size for size in before if size is not None)
    new, rest = divmod(values, max(1, math.prod(size for size in after if size is not None)))
    return None if rest else new
