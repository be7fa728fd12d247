"""A change on its way through a graph: which calls it reaches, and what becomes of them."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import keras

from keraslab.graph import keras_internals
from keraslab.graph._check import ModelError
from keraslab.graph._data import Call, Edge, Graph, Port, TensorSpec, Weight
from keraslab.graph._fits import fits
from keraslab.graph._macs import macs_of
from keraslab.graph._scope import SkeletonError
from keraslab.graph._skeleton import skeleton
from keraslab.graph._stranger import made_without_states
from keraslab.graph._walk import Source
from keraslab.graph._walk import _common_rows as common_rows
from keraslab.graph._walk import _operands as operands_of
from keraslab.graph._walk import _rows_after as rows_after


class _Made(NamedTuple):
    """What one layer or operation makes of the shapes it is given."""

    outputs: tuple[TensorSpec, ...]
    weights: tuple[tuple[str, tuple[int, ...], str, bool], ...]
    """Name, shape, dtype, and whether training changes it."""
    operation: Any


class _Remembered(NamedTuple):
    """What is kept with a graph, as the next change mostly leads through the same calls."""

    edges: Mapping[str, list[Edge]]
    """For the id of each call, the edges that lead to it."""
    outputs: dict[tuple[str, tuple[TensorSpec, ...]], tuple[TensorSpec, ...]]
    """What a call makes of other inputs, by its id and those."""
    sources: Mapping[tuple[str, int], Source]
    """What each call makes in the graph as it is."""


def _remembered(graph: Graph) -> _Remembered:
    kept: _Remembered | None = vars(graph).get("_what_if")
    if kept is None or len(kept.outputs) > _MOST:
        edges: dict[str, list[Edge]] = {call.id: [] for call in graph.calls}
        for edge in graph.edges:
            edges[edge.target].append(edge)
        kept = vars(graph)["_what_if"] = _Remembered(edges, {}, _sources(graph, edges))
    return kept


def _sources(graph: Graph, edges: Mapping[str, list[Edge]]) -> dict[tuple[str, int], Source]:
    made: dict[tuple[str, int], Source] = {}
    old = graph.call_by_id
    for call in graph.calls:
        present = [
            _received(made[e.source, e.source_index], _sent(old, e), e.spec, call)
            for e in edges[call.id]
        ]
        rows = rows_after(call.operation, present, call.outputs)
        for index, spec in enumerate(call.outputs):
            made[call.id, index] = Source(call.id, index, spec, rows)
    return made


def _sent(calls: Mapping[str, Call], edge: Edge) -> TensorSpec:
    return calls[edge.source].outputs[edge.source_index]


# What layers made anew gave before, newest last.
_MEMO: OrderedDict[tuple[Any, ...], _Made] = OrderedDict()
_MOST = 20_000
_MOST_LAYERS = 500
"""Each is a layer with all it holds: some 20 kB."""


@dataclass
class Change:
    """One change of a graph.

    Attributes:
        graph: The graph before.
        configs: For each layer that changes, all its settings after the change.
        rebuilds: Whether layers may be made anew, with other weights.
    """

    graph: Graph
    configs: Mapping[str, Mapping[str, Any]]
    rebuilds: bool
    _known: dict[tuple[str, tuple[TensorSpec, ...]], tuple[TensorSpec, ...]] = field(
        default_factory=dict, init=False
    )

    def applied(self, given: Mapping[str, TensorSpec]) -> Graph:
        """The graph after the change, with these shapes of the inputs."""
        remembered = _remembered(self.graph)
        before, self._known = remembered.edges, remembered.outputs
        old = self.graph.call_by_id
        sources = dict(remembered.sources)
        # The calls that make something else than before.
        touched: set[str] = set()

        def along(edge: Edge) -> Source:
            """What a target receives, and how many of its entries belong to one sample."""
            source = sources[edge.source, edge.source_index]
            return _received(source, _sent(old, edge), edge.spec, old[edge.target])

        calls = []
        moved: dict[int, TensorSpec] = {}
        for call in self.graph.calls:
            edges = before[call.id]
            told = call.id in given or call.layer in self.configs
            if not told and not any(edge.source in touched for edge in edges):
                calls.append(call)
                continue
            present = [along(edge) for edge in edges]
            for edge, source in zip(edges, present, strict=True):
                moved[id(edge)] = source.spec
            calls.append(new := self._call(call, present, edges, given))
            rows = rows_after(call.operation, present, new.outputs)
            for index, spec in enumerate(new.outputs):
                source = Source(call.id, index, spec, rows)
                if source != sources[call.id, index]:
                    sources[call.id, index] = source
                    touched.add(call.id)
        _check_shared(calls)

        def at(port: Port) -> Port:
            sent = old[port.call].outputs[port.index]
            found = _received(sources[port.call, port.index], sent, port.spec, None)
            return replace(port, spec=found.spec)

        return replace(
            self.graph,
            calls=tuple(calls),
            edges=tuple([_moved(edge, moved.get(id(edge))) for edge in self.graph.edges]),
            inputs=tuple(map(at, self.graph.inputs)),
            outputs=tuple(map(at, self.graph.outputs)),
        )

    def _call(
        self,
        call: Call,
        present: list[Source],
        edges: list[Edge],
        given: Mapping[str, TensorSpec],
    ) -> Call:
        if call.kind == "input":
            return replace(call, outputs=(given[call.id],)) if call.id in given else call
        inputs = tuple([source.spec for source in present])
        rows = common_rows(present)
        if (inputs, rows) == (call.inputs, call.rows) and call.layer not in self.configs:
            return call
        made = self._made(call, inputs)
        keys = tuple([edge.key for edge in edges])
        macs = macs_of(made.operation, inputs, made.outputs, keys, _operands(call, present))
        if macs:
            macs = None if rows is None else macs * rows
        return _with(
            call,
            inputs=inputs,
            outputs=made.outputs,
            weights=self._weights(call, made, inputs),
            macs=macs,
            operation=made.operation,
            rows=rows,
        )

    def _made(self, call: Call, inputs: tuple[TensorSpec, ...]) -> _Made:
        """What a call makes of its new inputs; a layer is made anew where its weights change."""
        config = self.configs.get(call.layer)
        if config is None and (not call.weights or fits(call, inputs)):
            return self._again(call, inputs)
        if config is None:
            config = dict(call.config)
        key = (type(call.operation), _text(config), call.arguments, inputs)
        if key not in _MEMO:
            _MEMO[key] = _work_out(call, inputs, config)
            while len(_MEMO) > _MOST_LAYERS:
                _MEMO.popitem(last=False)
        _MEMO.move_to_end(key)
        return _MEMO[key]

    def _again(self, call: Call, inputs: tuple[TensorSpec, ...]) -> _Made:
        """What the same layer makes of other sizes."""
        outputs = self._known.get((call.id, inputs))
        if outputs is None:
            outputs = _by_rule(call, inputs) or _outputs(call, call.operation, inputs)
            self._known[call.id, inputs] = outputs
        return _Made(outputs, (), call.operation)

    def _weights(
        self, call: Call, made: _Made, inputs: tuple[TensorSpec, ...]
    ) -> tuple[Weight, ...]:
        if made.operation is call.operation:
            return call.weights
        config = self.configs.get(call.layer)
        told = config is not None and config.get("trainable") != call.config.get("trainable")
        shapes = [shape for _, shape, _, _ in made.weights]
        if shapes == [weight.shape for weight in call.weights]:
            if config is None:
                return call.weights
            return tuple(
                [
                    replace(weight, dtype=dtype, trainable=trained if told else weight.trainable)
                    for weight, (_, _, dtype, trained) in zip(
                        call.weights, made.weights, strict=True
                    )
                ]
            )
        if not self.rebuilds:
            raise ModelError(
                f"{call.name} ({call.type}) was made for {_texts(call.inputs)} and would get "
                f"{_texts(inputs)}, which needs other weights. A model that pools over all places "
                "before it takes any size."
            )
        frozen = call.weights and not any(weight.trainable for weight in call.weights) and not told
        return tuple(
            [
                # Equal in every call of the layer, and below the ids of living variables.
                Weight(
                    name, shape, dtype, trained and not frozen, -1 - abs(hash((call.layer, place)))
                )
                for place, (name, shape, dtype, trained) in enumerate(made.weights)
            ]
        )


def _check_shared(calls: Sequence[Call]) -> None:
    """Refuse a change that would give the calls of one layer different weights."""
    needs: dict[str, list[tuple[int, ...]]] = {}
    for call in calls:
        if not call.shared:
            continue
        shapes = [weight.shape for weight in call.weights]
        first = needs.setdefault(call.layer, shapes)
        if first != shapes:
            raise ModelError(
                f"{call.name} ({call.type}) is shared, and after this change its calls would need "
                f"different weights: {first} and {shapes}."
            )


def _work_out(call: Call, inputs: tuple[TensorSpec, ...], config: Mapping[str, Any]) -> _Made:
    """Make the layer anew, without memory for its weights, and call it."""
    numbers = keras_internals.RandomState()
    try:
        return _built(call, inputs, config)
    except SkeletonError as error:
        raise ModelError(
            f"{call.name} ({call.type}) cannot be made anew without weights: it needs values at "
            "once. Change it where the model is written."
        ) from error
    finally:
        # Asking what would be must not change what the next layer starts from.
        numbers.put_back()


def _built(call: Call, inputs: tuple[TensorSpec, ...], config: Mapping[str, Any]) -> _Made:
    with skeleton():
        try:
            operation = _made_anew(type(call.operation), dict(config))
        except Exception as error:  # a stranger's layer may raise anything
            raise ModelError(
                f"{call.name} ({call.type}) cannot be made with these settings: {_said(error)}"
            ) from error
        outputs = _outputs(call, operation, inputs)
        weights = [
            (w.name, keras_internals.shape_of(w), str(w.dtype), bool(w.trainable))
            for w in getattr(operation, "weights", ())
        ]
    return _Made(outputs, tuple(weights), operation)


def _made_anew(kind: Any, config: dict[str, Any]) -> Any:
    """A layer of these settings; its states between batches, which are no weights, are left out."""
    return made_without_states(kind, config) or kind.from_config(config)


def _outputs(call: Call, operation: Any, inputs: tuple[TensorSpec, ...]) -> tuple[TensorSpec, ...]:
    if call.node is None or len(keras_internals.tensors_in(call.node)) != len(inputs):
        return tuple([replace(spec, shape=(None,) * len(spec.shape)) for spec in call.outputs])
    tensors = [keras.KerasTensor(spec.shape, spec.dtype) for spec in inputs]
    try:
        made = keras_internals.outputs_of(operation, call.node, tensors)
    except Exception as error:  # a stranger's layer may raise anything
        raise ModelError(
            f"{call.name} ({call.type}) does not take {_texts(inputs)}: {_said(error)}"
        ) from error
    masked = [spec.masked for spec in call.outputs]
    return tuple(
        [
            TensorSpec(tuple(t.shape), str(t.dtype), mask)
            for t, mask in zip(made, masked, strict=True)
        ]
    )


def _by_rule(call: Call, inputs: tuple[TensorSpec, ...]) -> tuple[TensorSpec, ...] | None:
    """The output of one of Keras' own layers by its own rule, which costs microseconds."""
    kind = type(call.operation)
    if len(call.outputs) != 1 or not fits(call, inputs):
        return None
    merges = kind.__name__ in _MERGES and len(inputs) == len(call.inputs) > 1
    if len(inputs) != 1 and not merges:
        return None
    rule = getattr(kind, "compute_output_shape", None)
    own = kind.__module__.startswith("keras.") and call.kind == "layer"
    if not own or rule is None or rule is keras.layers.Layer.compute_output_shape:
        return None
    try:
        shapes = [spec.shape for spec in inputs]
        shape = tuple(call.operation.compute_output_shape(shapes if merges else shapes[0]))
    except Exception:  # its sentence is the one of the call itself, asked for next
        return None
    if any(size is not None and size < 1 for size in shape[1:]):
        return None
    return (replace(call.outputs[0], shape=shape),)


_MERGES = frozenset({"Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"})


def _operands(call: Call, present: Sequence[Source]) -> tuple[tuple[int | None, ...], ...]:
    if call.node is None:
        return ()
    tensors = keras_internals.tensors_in(call.node)
    return operands_of(call.node, call.kind, dict(zip(map(id, tensors), present, strict=False)))


def _text(config: Mapping[str, Any]) -> str:
    plain = {key: value for key, value in config.items() if key != "name"}
    return json.dumps(plain, sort_keys=True, default=repr)


def _texts(specs: Sequence[TensorSpec]) -> str:
    return " and ".join(spec.text for spec in specs)


def _said(error: Exception) -> str:
    # Keras puts the whole config before what went wrong.
    text = str(error).rpartition("Exception encountered: ")[2]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _with(call: Call, **changed: Any) -> Call:
    """The call with some fields changed, in a tenth of the time that ``replace`` takes."""
    new = object.__new__(Call)
    vars(new).update(vars(call))
    vars(new).update(changed)
    # What was worked out from the fields before is not theirs.
    vars(new).pop("config", None)
    return new


def _moved(edge: Edge, spec: TensorSpec | None) -> Edge:
    if spec is None or edge.spec == spec:
        return edge
    return Edge(edge.source, edge.source_index, edge.target, edge.target_index, spec, edge.key)


def _received(source: Source, sent: TensorSpec, got: TensorSpec, target: Call | None) -> Source:
    """What arrives of a tensor now.

    A ``TimeDistributed`` counts the steps to the batch: they go when a tensor enters it, and
    come back when one leaves.

    Args:
        source: The tensor now.
        sent: What was sent before the change.
        got: What arrived of that.
        target: Where it arrives; None at the end of the graph.
    """
    if got.shape == sent.shape:
        return source
    batch, *sizes = source.spec.shape
    if got.shape == (sent.shape[0], *sent.shape[2:]):
        steps, *sizes = sizes
        rows = None if steps is None or source.rows is None else source.rows * steps
        return source._replace(spec=replace(got, shape=(batch, *sizes)), rows=rows)
    if got.shape == (sent.shape[0], got.shape[1], *sent.shape[1:]):
        outer = 1 if target is None else target.rows
        steps = None if source.rows is None or not outer else source.rows // outer
        return source._replace(spec=replace(got, shape=(batch, steps, *sizes)), rows=outer)
    where = "an output of the model" if target is None else f"{target.name} ({target.type})"
    raise ModelError(f"A change of sizes cannot be followed into {where}: build the model with it.")
