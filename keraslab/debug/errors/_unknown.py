"""Sizes that are not known where weights are made."""

from __future__ import annotations

from typing import Any

from keras import layers

from keraslab.debug import _rewire as rewire
from keraslab.debug._above import POOLING, line_of
from keraslab.debug._evidence import Evidence, maker_of, shape_text
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._other_input import with_other_input
from keraslab.debug._rules import Rule, error_rule


@error_rule(
    "KL503",
    "unknown-size",
    origins=(
        "backend.common.variables:Variable._validate_shape",
        "layers.convolutional.base_conv:*",
        "layers.convolutional.base_depthwise_conv:*",
        "layers.convolutional.base_separable_conv:*",
        "layers.convolutional.base_conv_transpose:*",
        "layers.normalization.batch_normalization:*",
        "layers.normalization.layer_normalization:*",
        "layers.rnn.conv_lstm:*",
    ),
)
def unknown_size(rule: Rule, evidence: Evidence) -> Finding | None:
    """A layer with weights on an axis whose size is None."""
    failing = evidence.failing
    if failing is None or not evidence.tensors:
        return None
    operation, tensor = failing.operation, evidence.tensors[0]
    first = getattr(operation, "data_format", None) == "channels_first"
    if len(tensor.shape) < 2 or tensor.shape[1 if first else -1] is not None:
        return None
    source = _unknown_from(evidence, tensor)
    entries = _inputs(evidence, tensor)
    if any(len(shape) > 2 and shape[0] is None and None not in shape[1:] for _, shape in entries):
        return None  # the batch may have come into the shape
    name, what = evidence.says(tensor), "channels" if len(tensor.shape) > 3 else "values"
    return rule.finding(
        f"{operation.name!r} needs to know how many {what} {name} has "
        f"({shape_text(tensor.shape)}), because its weights are as many.",
        cause=_why_unknown(evidence, source),
        fixes=tuple(_made_known(evidence, source, what)),
    )


def _unknown_from(evidence: Evidence, tensor: Any) -> tuple[Any, Any, Any] | None:
    """The layer that first gives a last axis of unknown size, with what it takes and gives."""
    found = None
    for maker, given, made in line_of(evidence, tensor):
        found = (maker, given, made)
        if given.shape[-1:] != (None,):
            return found
        tensor = given
    maker = maker_of(tensor)
    return (maker, None, tensor) if maker is not None else found


def _why_unknown(evidence: Evidence, source: Any) -> Cause | None:
    if source is None:
        return None
    maker, given, made = source
    if given is None:
        text = shape_text(made.shape)
        return evidence.cause(maker, f"the input {maker.name!r} is {text}: its last size is None")
    return evidence.cause(
        maker,
        f"{maker.name!r} takes {shape_text(given.shape)}, where a size is None, so how many values "
        f"it gives is unknown",
    )


def _made_known(evidence: Evidence, source: Any, what: str) -> list[Fix]:
    if source is None:
        return []
    mender = Mender(evidence)
    maker, given, made = source
    fixes: list[Fix | None] = []
    if given is not None and len(given.shape) in POOLING:
        rank = len(given.shape)
        how = {"Average": "average", "Max": "take the largest"}
        for kind, word in how.items():
            title = f"{word} over the positions in place of {maker.name!r}"
            fixes.append(rewire.instead(mender, title, maker, f"Global{kind}Pooling{rank - 2}D"))
    for entry, shape in _inputs(evidence, given if given is not None else made):
        example = {"channels": 3}.get(what, 16)
        sizes = [32 if given is not None and n is None else n for n in shape]
        if sizes and sizes[-1] is None:
            sizes[-1] = example
        said = (
            "give the input fixed sizes" if given is not None else f"say how many {what} there are"
        )
        number = next(b for a, b in zip(shape, sizes, strict=True) if a is None)
        fixes.append(
            with_other_input(mender, f"{said} ({number} stands for yours)", entry, tuple(sizes))
        )
    return [fix for fix in fixes if fix is not None]


def _inputs(evidence: Evidence, tensor: Any) -> list[tuple[Any, tuple[int | None, ...]]]:
    """The inputs above a tensor that have sizes of None, with their shapes."""
    found = []
    for each in [*evidence.upstream(tensor)]:
        if isinstance(each, layers.InputLayer) and None in each.batch_shape[1:]:
            found.append((each, tuple(each.batch_shape[1:])))
    return found[:1]
