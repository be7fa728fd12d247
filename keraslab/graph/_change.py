"""A change on its way through a graph: which calls it reaches, and what becomes of them."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from keraslab.graph import keras_internals
from keraslab.graph._check import ModelError
from keraslab.graph._data import Call, Edge, Graph, Port, TensorSpec, Weight, call_with
from keraslab.graph._fits import fits
from keraslab.graph._macs import macs_of
from keraslab.graph._outputs import outputs_again, outputs_made, said, texts
from keraslab.graph._scope import SkeletonError
from keraslab.graph._skeleton import skeleton
from keraslab.graph._stranger import made_without_states
from keraslab.graph._unbuilt import unbuilt
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
    feeding: Mapping[str, frozenset[str]]
    """For the id of each call, those of the calls that it takes something from."""
    otherwise: frozenset[int]
    """The ids of the edges at whose end something else arrives than was sent."""
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
        old = graph.call_by_id
        kept = vars(graph)["_what_if"] = _Remembered(
            edges,
            {id_: frozenset([edge.source for edge in taken]) for id_, taken in edges.items()},
            frozenset([id(e) for e in graph.edges if e.spec.shape != _sent(old, e).shape]),
            {},
            _sources(graph, edges),
        )
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
        before, feeding, otherwise, self._known, _ = remembered
        old = self.graph.call_by_id
        sources = dict(remembered.sources)
        # The calls that make something else than before.
        touched: set[str] = set()

        def along(edge: Edge) -> Source:
            """What a target receives, and how many of its entries belong to one sample."""
            source = sources[edge.source, edge.source_index]
            if id(edge) not in otherwise:
                return source
            return _received(source, _sent(old, edge), edge.spec, old[edge.target])

        calls = []
        moved: dict[int, TensorSpec] = {}
        for call in self.graph.calls:
            told = call.id in given or call.layer in self.configs
            if not told and touched.isdisjoint(feeding[call.id]):
                calls.append(call)
                continue
            edges = before[call.id]
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
        return call_with(
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
        if config is None:
            outputs = self._again(call, inputs)
            if outputs is not None:
                return _Made(outputs, (), call.operation)
            config = dict(call.config)
        key = (type(call.operation), _text(config), call.arguments, inputs)
        if key not in _MEMO:
            _MEMO[key] = _work_out(call, inputs, config)
            while len(_MEMO) > _MOST_LAYERS:
                _MEMO.popitem(last=False)
        _MEMO.move_to_end(key)
        return _MEMO[key]

    def _again(self, call: Call, inputs: tuple[TensorSpec, ...]) -> tuple[TensorSpec, ...] | None:
        """What the same layer makes of other sizes; None where its weights would be others."""
        outputs = self._known.get((call.id, inputs))
        if outputs is None:
            fitting = fits(call, inputs)
            if call.weights and not fitting:
                return None
            outputs = self._known[call.id, inputs] = outputs_again(call, inputs, fitting)
        return outputs

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
                f"{call.name} ({call.type}) was made for {texts(call.inputs)} and would get "
                f"{texts(inputs)}, which needs other weights. A model that pools over all places "
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
                f"{call.name} ({call.type}) cannot be made with these settings: {said(error)}"
            ) from error
        outputs = outputs_made(call, operation, inputs)
        weights = [
            (w.name, keras_internals.shape_of(w), str(w.dtype), bool(w.trainable))
            for w in getattr(operation, "weights", ())
        ]
    return _Made(outputs, tuple(weights), operation)


def _made_anew(kind: Any, config: dict[str, Any]) -> Any:
    """A layer of these settings; its states between batches, which are no weights, are left out."""
    config = unbuilt(config)
    return made_without_states(kind, config) or kind.from_config(config)


def _operands(call: Call, present: Sequence[Source]) -> tuple[tuple[int | None, ...], ...]:
    if call.node is None or call.kind != "operation":
        return ()
    tensors = keras_internals.tensors_in(call.node)
    return operands_of(call.node, call.kind, dict(zip(map(id, tensors), present, strict=False)))


def _text(config: Mapping[str, Any]) -> str:
    plain = {key: value for key, value in config.items() if key != "name"}
    return json.dumps(plain, sort_keys=True, default=repr)


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
