"""Walking a model and the models nested in it, call by call."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import keras

from keraslab.graph import keras_internals
from keraslab.graph._arguments import arguments_text
from keraslab.graph._contractions import Shape
from keraslab.graph._data import Edge, TensorSpec
from keraslab.graph._given import NO_KEY, bound_inputs, keys_of
from keraslab.graph._groups import Item, Scope
from keraslab.graph._macs import macs_of
from keraslab.graph._stranger import UnknownLayer
from keraslab.graph._trace import Opened, Opener, opens

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
    node: Any = None
    """Keras' own record of the call, where it has one."""
    rows: int | None = 1
    """How many entries along the first axis belong to one sample; None where unknown."""
    variables: tuple[Any, ...] | None = None
    """The weights it uses, where these are not those of its operation."""


class _Class(NamedTuple):
    """What is known of a layer or operation from its class alone."""

    kind: Kind
    model: bool
    """Whether it may have a graph of its own."""
    opens: bool
    """Whether its calls may be opened."""
    settings: bool
    """Whether a call with one tensor alone has settings to show: those of an operation."""


@dataclass
class Walk:
    """Collects the calls, edges and scopes of a model."""

    calls: list[Draft] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    sources: dict[int, Source | None] = field(default_factory=dict)
    """For the id of each tensor of the model itself, where it comes from."""
    _names: dict[Any, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _opener: Opener = field(default_factory=Opener)
    _kinds: dict[type, _Class] = field(default_factory=dict)
    _specs: dict[Any, TensorSpec] = field(default_factory=dict)
    _kept: list[Opened] = field(default_factory=list)
    """What was opened, so that the ids of its tensors stay their own."""

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
        place, first = len(self.scopes), len(self.calls)
        traced = functional if isinstance(functional, keras_internals.Traced) else None
        model = id(functional if traced is None else traced.owner)
        self.scopes.append(Scope(scope, model, ()))
        items: list[Item] = []
        made: dict[str, int] = {}
        for node in keras_internals.nodes_of(functional):
            operation, tensors, tensors_out, alone = keras_internals.read_node(node)
            kind, model_like, may_open, settings = self._class_of(operation)
            if kind == "input" and given is not None:
                continue
            if traced is not None and _casts_nothing(node):
                sources[id(tensors_out[0])] = sources.get(id(tensors[0]))
                continue
            own = operation.name
            number = made.get(own, 0)
            made[own] = number + 1
            item = f"{own}#{number}" if scope is None else f"{scope}/{own}#{number}"
            inner = keras_internals.functional_of(operation) if model_like else None
            opened = None
            if inner is not None:
                bound = [sources.get(id(t)) for t in bound_inputs(inner, node)]
                found = self.through(inner, item, bound)
            elif may_open and (opened := self._open(node, sources)) is not None:
                found = self._inside(opened, item, node, sources)
            else:
                present: list[Source] = []
                keys: list[str | None] = []
                for tensor, key in zip(tensors, NO_KEY if alone else keys_of(node), strict=True):
                    source = sources.get(id(tensor))
                    if source is not None:
                        edge = Edge(source[0], source[1], item, len(present), source[2], key)
                        self.edges.append(edge)
                        present.append(source)
                        keys.append(key)
                outputs = (
                    tuple([self._spec_of(tensor) for tensor in tensors_out])
                    if exact
                    else _output_specs(node, sources)
                )
                operands = () if alone or kind != "operation" else _operands(node, kind, sources)
                plain = kind == "input" or (alone and not settings)
                arguments = () if plain else arguments_text(node)
                found = self._call(
                    item,
                    node,
                    kind,
                    scope,
                    present,
                    tuple(keys),
                    operands,
                    outputs,
                    arguments,
                    traced,
                )
            for tensor, source in zip(tensors_out, found, strict=True):
                sources[id(tensor)] = source
            items.append(
                Item(
                    item,
                    own,
                    id(operation),
                    kind,
                    tuple(map(id, tensors)),
                    tuple(map(id, tensors_out)),
                    inner is not None or opened is not None,
                )
            )
        if traced is not None:
            items.extend(self._own_weights(traced, scope, first, made))
        self.scopes[place] = Scope(scope, model, tuple(items))
        return [sources.get(id(tensor)) for tensor in functional.outputs]

    def _call(
        self,
        item: str,
        node: Any,
        kind: Kind,
        scope: str | None,
        present: Sequence[Source],
        keys: tuple[str | None, ...],
        operands: tuple[Shape, ...],
        outputs: tuple[TensorSpec, ...],
        arguments: tuple[str, ...],
        traced: keras_internals.Traced | None,
    ) -> list[Source | None]:
        operation = keras_internals.operation_of(node)
        inputs = tuple([source.spec for source in present])
        macs = macs_of(operation, inputs, outputs, keys, operands)
        if macs:
            rows = _common_rows(present)
            macs = None if rows is None else macs * rows
        layer_key: Any = id(operation)
        variables = None
        if traced is not None:
            # What a call makes anew each time is told by its name, which is the same each time.
            if layer_key in traced.made_inside:
                layer_key = (id(traced.owner), operation.name)
            variables = _own_variables(node, traced.owner) if kind == "operation" else None
        layer = self._name(operation, scope, layer_key)
        rows_out = _rows_after(operation, present, outputs)
        self.calls.append(
            Draft(
                item,
                kind,
                layer,
                inputs,
                outputs,
                arguments,
                macs,
                operation,
                node,
                rows_out,
                variables,
            )
        )
        return [Source(item, index, spec, rows_out) for index, spec in enumerate(outputs)]

    def _class_of(self, operation: Any) -> _Class:
        found = self._kinds.get(type(operation))
        if found is None:
            model = isinstance(operation, (keras.Model, keras.Function))
            settings = not isinstance(operation, keras.layers.Layer)
            found = _Class(_kind(operation), model, opens(operation), settings)
            self._kinds[type(operation)] = found
        return found

    def _spec_of(self, tensor: Any) -> TensorSpec:
        """The shape and dtype of a tensor; one object for all that are alike."""
        key = (tensor.shape, tensor.dtype, keras_internals.is_masked(tensor))
        found = self._specs.get(key)
        if found is None:
            found = self._specs[key] = spec_of(tensor)
        return found

    def _open(self, node: Any, sources: Mapping[int, Source | None]) -> Opened | None:
        arriving = {id(t): sources.get(id(t)) for t in keras_internals.tensors_in(node)}
        return self._opener.open(node, {i: s and s.spec for i, s in arriving.items()})

    def _inside(
        self, opened: Opened, item: str, node: Any, sources: Mapping[int, Source | None]
    ) -> list[Source | None]:
        """Walk through what one call of a layer does."""
        self._kept.append(opened)
        given = [None if tensor is None else sources.get(id(tensor)) for tensor in opened.bound]
        if opened.given is not None:
            spec, steps = opened.given, opened.steps
            given = [
                s and Source(s.call, s.output, spec, s.rows and steps and s.rows * steps)
                for s in given
            ]
        found = self.through(opened.graph, item, given)
        arriving = [sources.get(id(tensor)) for tensor in keras_internals.tensors_in(node)]
        rows = _common_rows([source for source in arriving if source is not None])
        gives = opened.gives
        if gives is None:
            return [source and source._replace(rows=rows) for source in found]
        return [
            source and Source(source.call, source.output, spec, rows)
            for source, spec in zip(found, gives, strict=True)
        ]

    def _own_weights(
        self,
        traced: keras_internals.Traced,
        scope: str | None,
        first: int,
        made: Mapping[str, int],
    ) -> list[Item]:
        """A box for the weights of an opened layer that none of the calls inside shows."""
        owner = traced.owner
        shown = {
            id(variable)
            for call in self.calls[first:]
            for variable in call.variables or getattr(call.operation, "weights", None) or ()
        }
        left = tuple([v for v in owner.weights if id(v) not in shown])
        if not left:
            return []
        name = f"{owner.name}#{made.get(owner.name, 0)}"
        item = name if scope is None else f"{scope}/{name}"
        layer = self._name(owner, scope, id(owner))
        arguments = ("own weights",)
        self.calls.append(Draft(item, "layer", layer, (), (), arguments, 0, owner, None, 1, left))
        return [Item(item, owner.name, id(owner), "layer", (), (), False)]

    def _name(self, operation: Any, scope: str | None, key: Any) -> str:
        """A name that no other layer or operation of the graph has, the same in each build."""
        name = self._names.get(key)
        if name is None:
            where = [] if scope is None else [part.rsplit("#", 1)[0] for part in scope.split("/")]
            name = plain = "/".join([*where, operation.name])
            again = 2
            while name in self._taken:
                name, again = f"{plain}~{again}", again + 1
            self._names[key] = name
            self._taken.add(name)
        return name


def _casts_nothing(node: Any) -> bool:
    """Whether a call is one of those casts that layers make to be sure of their dtype."""
    if type(keras_internals.operation_of(node)).__name__ != "Cast":
        return False
    before, after = keras_internals.tensors_in(node), keras_internals.tensors_out(node)
    return len(before) == 1 and str(before[0].dtype) == str(after[0].dtype)


def _own_variables(node: Any, owner: Any) -> tuple[Any, ...]:
    """The weights of an opened layer among the arguments of an operation in it."""
    if keras_internals.takes_one_tensor(node):
        return ()
    own = {id(variable) for variable in owner.weights}
    leaves = keras.tree.flatten(keras_internals.arguments_of(node))
    return tuple([leaf for leaf in leaves if id(leaf) in own])


def _kind(operation: Any) -> Kind:
    if isinstance(operation, keras.layers.InputLayer):
        return "input"
    layer = isinstance(operation, (keras.layers.Layer, UnknownLayer))
    return "layer" if layer else "operation"


def spec_of(tensor: Any) -> TensorSpec:
    """The shape and dtype of a symbolic tensor."""
    return TensorSpec(tuple(tensor.shape), str(tensor.dtype), keras_internals.is_masked(tensor))


def _unchanged(tensor: Any, source: Source | None) -> bool:
    return source is None or source.spec.shape == tuple(tensor.shape)


def _output_specs(node: Any, sources: Mapping[int, Source | None]) -> tuple[TensorSpec, ...]:
    """The outputs of this call; inferred again where a nested model was given other sizes."""
    recorded = keras_internals.tensors_out(node)
    tensors = keras_internals.tensors_in(node)
    if all(_unchanged(t, sources.get(id(t))) for t in tensors):
        return tuple([spec_of(tensor) for tensor in recorded])
    known: dict[int, Any] = {}
    for tensor in tensors:
        source = sources.get(id(tensor))
        known[id(tensor)] = source and keras.KerasTensor(source.spec.shape, tensor.dtype)
    try:
        return tuple([spec_of(tensor) for tensor in keras_internals.outputs_for(node, known)])
    except Exception:  # a stranger's layer may raise anything: then its sizes are unknown
        return tuple([TensorSpec((None,) * len(t.shape), str(t.dtype)) for t in recorded])


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
    if len(present) == 1:
        return present[0].rows
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
