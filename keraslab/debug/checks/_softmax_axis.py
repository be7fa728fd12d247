"""A softmax over another axis than that of the classes."""

from __future__ import annotations

from collections.abc import Iterator

from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._head_mends import layer_code
from keraslab.debug._heads import CLASSES, Head
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug._tried import with_code, with_settings
from keraslab.debug.checks._calls import before, is_keras
from keraslab.graph import Call


@silent_rule("KL770", "softmax-over-another-axis", "error")
def softmax_over_another_axis(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Probabilities that sum to 1 over steps or places, and a loss that has classes last."""
    for head in subject.heads:
        call = subject.graph.call_by_id[head.activated]
        axis = _axis(call)
        rank = len(head.spec.shape)
        if axis is None or head.loss is None or head.loss.name not in CLASSES or rank < 3:
            continue
        classes = (head.loss.settings or {}).get("axis", -1)
        if len(call.outputs[0].shape) != rank or not isinstance(classes, int):
            continue
        if axis % rank in (0, classes % rank) or (head.units or 0) < 2:
            continue
        size = head.spec.shape[axis % rank]
        yield rule.finding(
            f"{call.name!r} applies softmax along axis {axis} of {head.spec.text}, so that "
            f"{size or 'the'} values of one class sum to 1; {head.loss.said} takes the classes "
            f"of each place from axis {classes % rank}, and these do not sum to 1.",
            calls=(call.id,),
            cause=Cause(call.name, f"its softmax goes along axis {axis}", call.id),
            fixes=_along(subject, head, call, classes),
            graph=subject.graph,
        )


def _axis(call: Call) -> int | None:
    if call.type != "Softmax" or not is_keras(call):
        return None
    axis = getattr(call.operation, "axis", -1)
    axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
    return axis if isinstance(axis, int) else None


def _along(subject: Subject, head: Head, call: Call, axis: int) -> tuple[Fix, ...]:
    title = "apply it along the classes, the last axis" if axis == -1 else "apply it there"
    if call.kind == "layer":
        fix = Fix(title, layer_code(call, axis=axis), head.spec.text, 0)
        return with_settings(subject, fix, call, axis=axis)
    maker = before(subject, call)
    name = maker.name if maker is not None and maker.name.isidentifier() else "scores"
    fix = Fix(title, f"{name} = keras.ops.softmax({name}, axis={axis})", head.spec.text, 0)
    return with_code(subject, fix, {name: call.inputs[0]}, at=call, result=name)
