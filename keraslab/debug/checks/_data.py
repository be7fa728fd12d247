"""With data: do the arrays fit the inputs, and can they be trained on at all?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from keraslab.debug._data_structure import (
    lengths,
    lengths_sentence,
    structure_sentence,
    swapped,
)
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._head_mends import layer_code
from keraslab.debug._input_forms import bad_values, input_misfit, lookups_after
from keraslab.debug._misfit import Array, Misfit, data_fixes
from keraslab.debug._other_data import changed_data
from keraslab.debug._pairing import Pairing, Slot, is_numeric, part_of
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug._tried import with_settings
from keraslab.debug.checks._labels import said_target
from keraslab.graph import Graph

_ENOUGH = 8
"""Samples from which on equal targets are no chance."""


def said_input(subject: Subject, slot: Slot) -> str:
    """What the array of an input is called in code."""
    if isinstance(subject.x, dict):
        return f"x[{slot.name!r}]"
    if isinstance(subject.x, (list, tuple)) and subject.data is not None:
        return f"x[{subject.data.x.slots.index(slot)}]"
    return "x"


def _inputs(subject: Subject) -> Iterator[tuple[Slot, Array, str]]:
    for slot in subject.data.x.slots if subject.data is not None else ():
        if slot.array is not None:
            yield slot, slot.array, said_input(subject, slot)


@silent_rule("KL781", "nan-in-data", "error")
def nan_in_data(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """NaN or infinity among the inputs or targets."""
    for slot, array, said in _inputs(subject):
        message = bad_values(array, said)
        if message is not None:
            yield rule.finding(
                message,
                calls=(slot.call,),
                cause=Cause(slot.name, "one NaN makes the loss NaN, and then all weights"),
                fixes=_without_nan(array, said, slot.spec.dtype),
                graph=subject.graph,
            )
    for head in subject.heads:
        target = subject.data.target(head) if subject.data is not None else None
        message = bad_values(target, said_target(subject, head)) if target is not None else None
        if message is not None:
            yield rule.finding(
                message,
                calls=(head.call,),
                cause=Cause(head.name, "a NaN target makes the loss NaN, and then all weights"),
                graph=subject.graph,
            )


def _without_nan(array: Array, said: str, _dtype: str) -> tuple[Fix, ...]:
    part = part_of(array)
    good = np.isfinite(part.reshape(len(part), -1)).all(1) if part.ndim else np.array([])
    fixes = []
    if good.any() and said == "x":
        code = "good = np.isfinite(x).reshape(len(x), -1).all(1)\nx, y = x[good], y[good]"
        fixes.append(Fix("leave these samples out", code, tried=True))
    code = f"{said} = np.nan_to_num({said}, posinf=0, neginf=0)"
    finite = bool(np.isfinite(np.nan_to_num(part, posinf=0, neginf=0)).all())
    fixes.append(Fix("put 0 in their place", code, tried=finite))
    return tuple(fixes)


@silent_rule("KL782", "constant-targets", "warning")
def constant_targets(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """The same target for every sample."""
    if subject.data is None or not subject.data.whole:
        return
    layers = [call.operation for call in subject.graph.calls]
    frozen = any(getattr(layer, "trainable", True) is False for layer in layers)
    for head in subject.heads:
        target = subject.data.target(head)
        if target is None or len(target) < _ENOUGH or not is_numeric(target) or head.loss is None:
            continue
        if head.loss.name is None or not bool((part_of(target) == target[0]).all()):
            # A loss of one's own may well be given targets that it does not look at.
            continue
        if frozen or (head.loss.is_distance and not target.any()):
            # A generator learns to be called real; a distance learns to be 0.
            continue
        said = said_target(subject, head)
        one = f"{target.ravel()[0]:g}" if target[0].size == 1 else "the same"
        yield rule.finding(
            f"All {len(target):,} targets in {said} are {one}, so the model learns to give that "
            "whatever it sees.",
            calls=(head.call,),
            cause=Cause(head.name, f"{said} holds one value only", head.call),
            graph=subject.graph,
        )


@silent_rule("KL785", "arrays-do-not-match", "error")
def arrays_do_not_match(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Another number of arrays than of inputs or outputs, other names, or x and y swapped."""
    data = subject.data
    if data is None:
        return
    if swapped(data):
        yield rule.finding(
            "x and y look swapped: y has the shape of the input, and x has not.",
            calls=(data.x.slots[0].call,),
            cause=Cause("x", "the inputs come first, then the targets"),
            fixes=changed_data(rule, subject, Fix("swap them", "x, y = y, x")),
            graph=subject.graph,
        )
        return
    # An output without a loss needs no target.
    sides: list[tuple[Pairing | None, str, str]] = [(data.x, "x", "input")]
    if all(head.loss is not None for head in subject.heads):
        sides.append((data.y, "y", "output"))
    for pairing, said, what in sides:
        found = structure_sentence(pairing, said, what) if pairing is not None else None
        if pairing is None or found is None:
            continue
        yield rule.finding(
            found[0],
            calls=tuple(slot.call for slot in pairing.slots),
            cause=Cause(said, found[1]),
            graph=subject.graph,
        )


def _again(slot: Slot, said: str, graph: Graph, array: Array) -> Misfit | None:
    return input_misfit(Slot(slot.name, slot.spec, slot.call, array), said, graph)


def _look(rule: Rule, subject: Subject, *kinds: str) -> Iterator[Finding]:
    if subject.data is None or swapped(subject.data):
        return
    for slot, array, said in _inputs(subject):
        misfit = input_misfit(slot, said, subject.graph)
        if misfit is None or misfit.kind not in kinds:
            continue
        again = partial(_again, slot, said, subject.graph)
        fixes = [*data_fixes(misfit, array, said, again), *_more_rows(subject, slot, array)]
        yield rule.finding(
            misfit.message,
            calls=(slot.call,),
            cause=Cause(slot.name, misfit.cause, slot.call),
            fixes=tuple(fixes),
            graph=subject.graph,
        )


def _more_rows(subject: Subject, slot: Slot, array: Array) -> Iterator[Fix]:
    if not is_numeric(array) or not array.size or part_of(array).min() < 0:
        return
    for call in lookups_after(subject.graph, slot.call):
        rows, high = call.config.get("input_dim"), int(part_of(array).max())
        if isinstance(rows, int) and rows <= high:
            more = (high + 1 - rows) * int(call.config.get("output_dim", 0))
            fix = Fix(
                f"give {call.name!r} a row for each id",
                layer_code(call, input_dim=high + 1),
                call.outputs[0].text,
                more,
            )
            yield from with_settings(subject, fix, call, input_dim=high + 1)


@silent_rule("KL786", "ids-out-of-range", "error")
def ids_out_of_range(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Ids that an embedding has no row for, or numbers that are no ids."""
    yield from _look(rule, subject, "ids", "fractions")


@silent_rule("KL787", "samples-differ", "error")
def samples_differ(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Arrays with different numbers of samples."""
    data = subject.data
    if data is None or swapped(data):
        return
    if any(s.array is not None and not _has_batch(s) for s in data.x.slots):
        return
    message = lengths_sentence(lengths(data))
    if message is not None:
        yield rule.finding(
            message,
            calls=tuple(slot.call for slot in data.x.slots),
            cause=Cause("x", "the first axis of each array counts the samples"),
            graph=subject.graph,
        )


def _has_batch(slot: Slot) -> bool:
    misfit = input_misfit(slot)
    return misfit is None or misfit.kind != "batch-axis"


@silent_rule("KL788", "input-shape-differs", "error")
def input_shape_differs(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Arrays of another shape than the input's, or without an axis for the batch."""
    yield from _look(rule, subject, "shape", "batch-axis")


@silent_rule("KL789", "inputs-not-numbers", "error")
def inputs_not_numbers(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Text, dates or Python objects where numbers are wanted."""
    yield from _look(rule, subject, "strings", "ragged")
