"""Values that a layer makes inside itself, which its output tensors do not show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from keraslab.graph._contractions import Site, Unknown, known, roles, size_of
from keraslab.graph._declared import PerClass, deciding_class, declared_by, declared_cost
from keraslab.graph._keeping import FROM_OUTPUT, keras_names, names_activation


class Inside(NamedTuple):
    """How many values a layer holds beside its inputs and outputs, for one sample."""

    kept: int = 0
    """Values that training keeps until the gradients are worked out."""
    working: int = 0
    """Values that a prediction holds at the same time."""
    masks: int = 0
    """Entries of one byte each, which say what a dropout let through; kept in training."""
    declared: int = 0
    """Bytes that the author of the layer declared; kept in training."""

    def times(self, number: int) -> Inside:
        """The same in each of several steps; a prediction holds those of one at a time."""
        return Inside(self.kept * number, self.working, self.masks * number)


NOTHING = Inside()


def has_inside(operation: Any) -> bool:
    """Whether there may be values inside a layer or operation; a quick look."""
    rule = _rule_for(type(operation))
    return rule is not None and not (rule is _fused and not names_activation(operation))


def inside_of(site: Site) -> Inside:
    """What a call holds inside.

    Args:
        site: The call and its shapes, for one sample.

    Raises:
        Unknown: A size that the rule needs is not known.
    """
    rule = _rule_for(type(site.operation))
    return NOTHING if rule is None else rule(site)


def _fused(site: Site) -> Inside:
    """An activation inside a layer: what goes into it is kept where its gradient needs it."""
    name = names_activation(site.operation)
    return Inside(0 if not name or name in FROM_OUTPUT else size_of(site.outputs[0]))


def _separable(site: Site) -> Inside:
    layer = site.operation
    first = layer.data_format == "channels_first"
    shape, out = site.inputs[0], site.outputs[0]
    places = size_of(out[2:] if first else out[1:-1])
    middle = places * known(shape[1 if first else -1]) * layer.depth_multiplier
    return Inside(middle + _fused(site).kept, middle)


def _dropout(site: Site) -> Inside:
    return Inside(masks=size_of(site.outputs[0]) if site.operation.rate else 0)


def _noise(site: Site) -> Inside:
    return Inside(kept=size_of(site.outputs[0]) if site.operation.rate else 0)


# -- attention


def _multi_head_attention(site: Site) -> Inside:
    layer = site.operation
    query, value, key = roles(site, "query", "value", "key")
    heads, width = layer.num_heads, layer.key_dim
    value_width = layer.value_dim or width
    axes = layer.attention_axes or range(1, len(query) - 1)
    targets = size_of(tuple([query[axis] for axis in axes]))
    sources = size_of(tuple([value[axis] for axis in axes]))
    places = size_of(query[1:-1])
    scores = places // max(targets, 1) * heads * targets * sources
    projected = heads * (places * width + size_of(key[1:-1]) * width)
    projected += heads * size_of(value[1:-1]) * value_width
    return _attending(layer, projected, scores, places * heads * value_width)


def _grouped_query_attention(site: Site) -> Inside:
    layer = site.operation
    query, value, _ = roles(site, "query", "value", "key")
    targets, sources = known(query[1]), known(value[1])
    heads, width = layer.num_query_heads, layer.head_dim
    if layer.use_gate:
        raise Unknown
    # Key and value are repeated, until there is one for each head of the query.
    projected = heads * width * (targets + 2 * sources)
    return _attending(layer, projected, heads * targets * sources, targets * heads * width)


def _attending(layer: Any, projected: int, scores: int, gathered: int) -> Inside:
    dropped = scores if layer.dropout else 0
    return Inside(projected + scores + dropped + gathered, projected + scores, dropped)


def _attention(site: Site) -> Inside:
    layer = site.operation
    query, value = site.inputs[0], site.inputs[1]
    pairs = known(query[-2]) * known(value[-2])
    additive = getattr(layer, "score_mode", "concat") == "concat"
    sums = pairs * known(query[-1]) if additive else 0
    dropped = pairs if layer.dropout else 0
    return Inside(pairs + dropped + sums, pairs + sums, dropped)


def _attention_operation(site: Site) -> Inside:
    query, key = site.operands[:2]
    scores = known(query[1]) * known(key[1]) * known(query[2])
    return Inside(scores, scores)


# -- recurrent layers and wrappers

# Values per unit and step beside the new state itself: the gates and, of an LSTM, the cell
# and its tanh; of a GRU, what the update gate leaves over, and what the reset gate is applied to.
_PER_STEP = {"LSTM": 6, "GRU": 5, "SimpleRNN": 0}


def _recurrent(name: str) -> Callable[[Site], Inside]:
    def rule(site: Site) -> Inside:
        return _steps(site, _PER_STEP[name], site.operation.units)

    return rule


def _steps(site: Site, per_step: int, units: int) -> Inside:
    """All states and gates in training; in a prediction those of one step."""
    values = units * (per_step + 1)
    return Inside(known(site.inputs[0][1]) * values, values)


def _rnn(site: Site) -> Inside:
    cell = site.operation.cell
    kinds = {f"{name}Cell": number for name, number in _PER_STEP.items()}
    total = NOTHING
    for one in getattr(cell, "cells", None) or [cell]:
        owner = deciding_class(type(one))
        name = next((n for n in keras_names(type(one)) if n in kinds), None)
        if name is None or owner is None or not owner.__module__.startswith("keras."):
            raise Unknown
        steps = _steps(site, kinds[name], one.units)
        total = Inside(total.kept + steps.kept, total.working + steps.working)
    return total


def _conv_lstm(site: Site) -> Inside:
    layer = site.operation
    rank = len(layer.kernel_size)
    out = site.outputs[0]
    first = layer.data_format == "channels_first"
    places = size_of(out[-rank:] if first else out[-rank - 1 : -1])
    return _steps(site, _PER_STEP["LSTM"], places * layer.filters)


def _bidirectional(site: Site) -> Inside:
    kept = working = 0
    for one in (site.operation.forward_layer, site.operation.backward_layer):
        inside = inside_of(site._replace(operation=one, inputs=site.inputs[:1]))
        # The output is made of what both give; of all steps, or of the last one.
        given = one.units * (known(site.inputs[0][1]) if one.return_sequences else 1)
        kept, working = kept + inside.kept, working + inside.working + given
    return Inside(kept, working)


def _time_distributed(site: Site) -> Inside:
    inner = site._replace(
        operation=site.operation.layer,
        inputs=tuple([(1, *shape[2:]) for shape in site.inputs[:1]]),
        outputs=tuple([(1, *shape[2:]) for shape in site.outputs]),
    )
    return inside_of(inner).times(known(site.inputs[0][1]))


def _wrapped(site: Site) -> Inside:
    return inside_of(site._replace(operation=site.operation.layer))


def _declared(site: Site) -> Inside:
    cost = declared_cost(site.operation, site.inputs, site.outputs)
    return Inside(declared=known(cost.memory if cost else None))


_LAYERS: dict[str, Callable[[Site], Inside]] = {
    **dict.fromkeys(("BaseConv", "BaseConvTranspose", "BaseDepthwiseConv", "Dense"), _fused),
    "BaseSeparableConv": _separable,
    "EinsumDense": _fused,
    **dict.fromkeys(("AlphaDropout", "Dropout", "SpatialDropout1D"), _dropout),
    "GaussianDropout": _noise,
    "MultiHeadAttention": _multi_head_attention,
    "GroupedQueryAttention": _grouped_query_attention,
    "Attention": _attention,
    "AdditiveAttention": _attention,
    **{name: _recurrent(name) for name in _PER_STEP},
    "RNN": _rnn,
    "ConvLSTM": _conv_lstm,
    "Bidirectional": _bidirectional,
    "TimeDistributed": _time_distributed,
    "SpectralNormalization": _wrapped,
}

_RULES = PerClass()


def _rule_for(kind: type) -> Callable[[Site], Inside] | None:
    try:
        found: Callable[[Site], Inside] | None = _RULES[kind]
    except KeyError:
        found = _RULES[kind] = _find(kind)
    return found


def _find(kind: type) -> Callable[[Site], Inside] | None:
    owner = deciding_class(kind)
    if owner is not None and declared_by(owner):
        return _declared
    names = keras_names(kind)
    if "Layer" in names:
        return next((_LAYERS[name] for name in names if name in _LAYERS), None)
    return _attention_operation if names[:1] == ["DotProductAttention"] else None
