"""Multiply-accumulates (MACs) of a call, worked out from shapes.

Only the multiply-accumulates of contractions are counted: convolutions, dense and recurrent
kernels, attention, matrix products. By convention normalisation, activations, pooling,
padding, reshaping, merging and table look-ups count 0, and so does a bias. One MAC is one
multiplication and one addition, so FLOPs are twice as many. Positions in the padding count
as all others do. What is not known here, such as a layer with a ``call`` of its own whose
author did not declare a cost, is unknown (None) and never 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keraslab.graph import _contractions as contractions
from keraslab.graph import keras_internals
from keraslab.graph._contractions import Shape, Site, Unknown, known
from keraslab.graph._data import TensorSpec
from keraslab.graph._declared import (
    PerClass,
    deciding_class,
    declared_by,
    declared_cost,
    worked_out,
)
from keraslab.graph._known import FREE_LAYERS, UNKNOWN_OPERATIONS


def macs_of(
    operation: Any,
    inputs: tuple[TensorSpec, ...],
    outputs: tuple[TensorSpec, ...],
    keys: tuple[str | None, ...] = (),
    operands: tuple[Shape, ...] = (),
) -> int | None:
    """Multiply-accumulates of one call for one sample.

    Args:
        operation: The layer or operation.
        inputs: Its inputs in this call.
        outputs: Its outputs in this call.
        keys: For each input, the keyword it was given under, where there is one.
        operands: The shapes of an operation's positional arguments, constants included.

    Returns:
        The number, or None where the rule or a size is unknown.

    Raises:
        CostError: The function that a layer's author declared failed or returned no cost.
    """
    rule = _rule_for(type(operation))
    if rule is None or rule is _none:
        return None if rule is None else 0
    site = Site(
        operation,
        tuple([_one_sample(spec.shape) for spec in inputs]),
        tuple([_one_sample(spec.shape) for spec in outputs]),
        keys or (None,) * len(inputs),
        operands,
    )
    return worked_out(rule, site)


def _one_sample(shape: Shape) -> Shape:
    return (1, *shape[1:]) if shape else ()


def _none(site: Site) -> int:  # noqa: ARG001
    return 0


def _declared(site: Site) -> int:
    cost = declared_cost(site.operation, site.inputs, site.outputs)
    return known(cost.macs if cost else None)


# -- layers around others

_CELL_GATES = {"LSTMCell": 4, "GRUCell": 3, "SimpleRNNCell": 1}


def _rnn(site: Site) -> int:
    cell = site.operation.cell
    cells = cell.cells if _keras_class(type(cell), "StackedRNNCells") else [cell]
    _, steps, width = site.inputs[0]
    per_step = 0
    for one in cells:
        gates = next((g for n, g in _CELL_GATES.items() if _keras_class(type(one), n)), None)
        if gates is None or not _call_is_kerass_own(type(one)):
            raise Unknown
        per_step += gates * one.units * (known(width) + one.units)
        width = one.units
    return known(steps) * int(per_step)


def _bidirectional(site: Site) -> int:
    layer = site.operation
    # Each direction sees the same input; only the filters' places of its output matter.
    directions = (layer.forward_layer, layer.backward_layer)
    return sum(_inside(site, one, site.inputs[:1], site.outputs) for one in directions)


def _time_distributed(site: Site) -> int:
    steps = known(site.inputs[0][1])
    inputs = tuple((1, *shape[2:]) for shape in site.inputs[:1])
    outputs = tuple((1, *shape[2:]) for shape in site.outputs)
    return steps * _inside(site, site.operation.layer, inputs, outputs)


def _spectral_normalization(site: Site) -> int:
    # The power iteration runs in training only; these are the costs of a prediction.
    return _inside(site, site.operation.layer, site.inputs, site.outputs)


def _inside(site: Site, layer: Any, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int:
    rule = _rule_for(type(layer))
    if rule is None:
        return _inside_model(layer, inputs)
    return rule(Site(layer, inputs, outputs, site.keys[: len(inputs)], ()))


def _inside_model(model: Any, inputs: tuple[Shape, ...]) -> int:
    """The costs of a wrapped model, where it gets the sizes it was built for."""
    functional = keras_internals.functional_of(model)
    if functional is None:
        raise Unknown
    if [tuple(t.shape)[1:] for t in functional.inputs] != [shape[1:] for shape in inputs]:
        raise Unknown
    from keraslab.graph._walk import Walk  # it asks this module for the costs of each call

    walk = Walk()
    walk.through(functional)
    return sum(known(call.macs) for call in walk.calls)


# -- which rule

_LAYERS: dict[str, Callable[[Site], int]] = {
    "BaseConv": contractions.conv,
    "BaseConvTranspose": contractions.transposed_conv,
    "BaseDepthwiseConv": contractions.depthwise_conv,
    "BaseSeparableConv": contractions.separable_conv,
    "Dense": contractions.dense,
    "EinsumDense": contractions.einsum_dense,
    "ReversibleEmbedding": contractions.reversible_embedding,
    "Dot": contractions.dot_layer,
    "MultiHeadAttention": contractions.multi_head_attention,
    "GroupedQueryAttention": contractions.grouped_query_attention,
    "Attention": contractions.attention,
    "AdditiveAttention": contractions.attention,
    "LSTM": contractions.recurrent(4),
    "GRU": contractions.recurrent(3),
    "SimpleRNN": contractions.recurrent(1),
    "ConvLSTM": contractions.conv_lstm,
    "RNN": _rnn,
    "Bidirectional": _bidirectional,
    "TimeDistributed": _time_distributed,
    "SpectralNormalization": _spectral_normalization,
    **dict.fromkeys(FREE_LAYERS, _none),
}

_OPERATIONS: dict[str, Callable[[Site], int]] = {
    "Matmul": contractions.matmul,
    "Dot": contractions.dot_operation,
    "Inner": contractions.dot_operation,
    "Tensordot": contractions.tensordot,
    "Einsum": contractions.einsum_operation,
    "DotProductAttention": contractions.attention_operation,
}

_RULES = PerClass()


def _rule_for(kind: type) -> Callable[[Site], int] | None:
    try:
        found: Callable[[Site], int] | None = _RULES[kind]
    except KeyError:
        found = _RULES[kind] = _find_rule(kind)
    return found


def _find_rule(kind: type) -> Callable[[Site], int] | None:
    owner = deciding_class(kind)
    if owner is not None and declared_by(owner):
        return _declared
    if not _call_is_kerass_own(kind):
        return None
    names = [base.__name__ for base in kind.__mro__ if base.__module__.startswith("keras.")]
    if "Layer" in names:
        return next((_LAYERS[name] for name in names if name in _LAYERS), None)
    if names and names[0] in _OPERATIONS:
        return _OPERATIONS[names[0]]
    return _none if names and names[0] not in UNKNOWN_OPERATIONS else None


def _call_is_kerass_own(kind: type) -> bool:
    """Whether what a class computes is defined by Keras, so that a rule can know it."""
    owner = deciding_class(kind)
    return owner is not None and owner.__module__.startswith("keras.")


def _keras_class(kind: type, name: str) -> bool:
    return any(b.__name__ == name and b.__module__.startswith("keras.") for b in kind.__mro__)
