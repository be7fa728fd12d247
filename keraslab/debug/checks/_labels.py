"""With data: do the labels fit the output and its loss?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._head_mends import other_layer, other_loss
from keraslab.debug._heads import Head
from keraslab.debug._labels import ONE_HOT, label_misfit
from keraslab.debug._misfit import Array, Misfit, data_fixes, head_fixes
from keraslab.debug._pairing import is_integer_valued, is_numeric, part_of
from keraslab.debug._recompiled import recompiled
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject


def said_target(subject: Subject, head: Head) -> str:
    """What the targets of an output are called in code."""
    if len(subject.heads) == 1 and not isinstance(subject.y, (dict, list, tuple)):
        return "y"
    if isinstance(subject.y, dict):
        return f"y[{head.name!r}]"
    return f"y[{head.index}]" if isinstance(subject.y, (list, tuple)) else "y"


def _targets(subject: Subject) -> Iterator[tuple[Head, Array, str]]:
    for head in subject.heads:
        target = subject.data.target(head) if subject.data is not None else None
        if target is not None and target.ndim:
            yield head, target, said_target(subject, head)


def _look(rule: Rule, subject: Subject, *kinds: str) -> Iterator[Finding]:
    for head, target, said in _targets(subject):
        misfit = label_misfit(head, target, said)
        if misfit is None or misfit.kind not in kinds:
            continue
        ours = data_fixes(misfit, target, said, partial(_again, head, said))
        other = _tried(rule, subject, head_fixes(misfit, subject.heads, head, subject.graph))
        yield rule.finding(
            misfit.message,
            calls=(head.call,),
            cause=Cause(head.name, misfit.cause, head.call),
            fixes=tuple([*other, *ours] if misfit.loss_first else [*ours, *other]),
            graph=subject.graph,
        )


def _tried(rule: Rule, subject: Subject, fixes: Iterable[Fix]) -> list[Fix]:
    """Those of the changes with which a loss takes the targets, and the rule is silent."""
    return [
        each
        for fix in fixes
        for each in (recompiled(rule, subject, fix) if fix.code.startswith("loss=") else (fix,))
    ]


def _again(head: Head, said: str, array: Array) -> Misfit | None:
    return label_misfit(head, array, said)


@silent_rule("KL771", "labels-one-hot", "error")
def labels_one_hot(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """One-hot rows with a loss that takes class numbers."""
    yield from _look(rule, subject, "one-hot")


@silent_rule("KL772", "labels-not-one-hot", "error")
def labels_not_one_hot(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Class numbers with a loss that takes one-hot rows."""
    yield from _look(rule, subject, "numbers")


@silent_rule("KL773", "label-out-of-range", "error")
def label_out_of_range(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Class numbers for which the output has no unit, or which are none."""
    yield from _look(rule, subject, "range", "fractions")


@silent_rule("KL774", "labels-not-0-to-1", "error")
def labels_not_0_to_1(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Targets that are no probabilities, with a loss that compares probabilities."""
    yield from _look(rule, subject, "binary-range")


@silent_rule("KL775", "several-classes-at-once", "warning")
def several_classes_at_once(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Rows with more or fewer than one class, where exactly one is meant."""
    for head, target, said in _targets(subject):
        if head.loss is None or head.loss.name not in ONE_HOT or head.activation == "sigmoid":
            continue
        if target.shape[1:] != head.spec.shape[1:] or not is_numeric(target):
            continue
        part = part_of(target)
        if not is_integer_valued(part) or part.min() < 0 or part.max() > 1:
            continue
        sums = part.sum(-1)
        off = int((sums != 1).sum())
        if not off or label_misfit(head, target, said) is not None:
            continue
        many = "several classes" if sums.max() > 1 else "no class"
        yield rule.finding(
            f"{off:,} of {sums.size:,} rows of {said} name {many}, and {head.loss.said} is for "
            "exactly one.",
            calls=(head.call,),
            cause=Cause(head.name, f"the rows of {said} do not sum to 1", head.call),
            fixes=tuple(_tried(rule, subject, _multi_label(subject, head))),
            graph=subject.graph,
        )


def _multi_label(subject: Subject, head: Head) -> Iterator[Fix]:
    logits = head.loss is not None and head.loss.from_logits
    binary = "keras.losses.BinaryCrossentropy(from_logits=True)"
    written = binary if logits else "'binary_crossentropy'"
    for fix in (
        other_loss(subject.heads, head, "ask each class by itself", written, "sigmoid"),
        None
        if logits
        else other_layer(subject.graph, head, "with a probability each", activation="sigmoid"),
    ):
        if fix is not None:
            yield fix


@silent_rule("KL776", "targets-out-of-reach", "error")
def targets_out_of_reach(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Numbers that the last activation can never give."""
    yield from _look(rule, subject, "reach")


@silent_rule("KL783", "targets-stretched", "error")
def targets_stretched(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Targets that the loss stretches over an output of another shape."""
    yield from _look(rule, subject, "stretched")


@silent_rule("KL784", "targets-do-not-fit", "error")
def targets_do_not_fit(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Targets of another shape or kind than the output's."""
    yield from _look(rule, subject, "shape", "strings")
