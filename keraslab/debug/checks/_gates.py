"""Weights between 0 and 1 that are multiplied with what they are to weigh."""

from __future__ import annotations

from keraslab.debug._subject import Subject
from keraslab.debug.checks._calls import (
    IDLE,
    before,
    is_activation,
    is_keras,
    is_layer,
    is_operation,
    own_activation,
)
from keraslab.graph import Call

_GATES = frozenset({"softmax", "sigmoid", "hard_sigmoid", "sparsemax"})
_FORMS = ("Reshape", "Permute", "RepeatVector", "Flatten", *IDLE)
_FORM_OPERATIONS = (
    "ExpandDims", "Reshape", "Transpose", "Swapaxes", "Moveaxis", "Squeeze", "GetItem",
)  # fmt: skip


def gate_of(subject: Subject, call: Call) -> Call | None:
    """The call whose softmax or sigmoid gives a tensor, its form apart; None where none does."""
    step: Call | None = call
    while step is not None and is_keras(step):
        named = None
        if is_activation(step):
            known = is_layer(step, "Softmax") or step.kind == "operation"
            named = step.type.lower() if known else own_activation(step)
        elif is_layer(step, "Dense", "EinsumDense", "BaseConv"):
            named = own_activation(step)
        if named is not None:
            return step if named in _GATES else None
        if not is_layer(step, *_FORMS) and not is_operation(step, *_FORM_OPERATIONS):
            return None
        step = before(subject, step)
    return None


def weighs_across(subject: Subject, call: Call) -> bool:
    """Whether a product sets weights for each step against the steps themselves, but crosswise.

    A table of all products is wanted often enough. It is not where one side alone is weights, the
    other is what they were worked out from, and both have as many values, one for each.
    """
    edges = subject.edges_into[call.id]
    if len(edges) != 2 or len(call.inputs) != 2:
        return False
    makers = [subject.graph.call_by_id[edge.source] for edge in edges]
    gates = [gate_of(subject, maker) for maker in makers]
    if (gates[0] is None) == (gates[1] is None):
        return False
    at = 0 if gates[0] is not None else 1
    gate, weights, steps = gates[at], makers[at], makers[1 - at]
    one, other = call.inputs[at].shape[1:], call.inputs[1 - at].shape[1:]
    if None in one or sorted(map(str, one)) != sorted(map(str, other)):
        return False
    if gate is None or steps.id not in subject.all_before(weights.id):
        return False
    # A tensor that is brought into a form for this product alone is laid crosswise on purpose.
    formed = is_layer(steps, *_FORMS) or is_operation(steps, *_FORM_OPERATIONS)
    return not formed or len(subject.calls_after(steps.id)) > 1
