"""What one batch shows: values that are no numbers, gradients that fade, burst or never arrive."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

from keraslab.debug._finding import Cause, Finding
from keraslab.debug._names import listed
from keraslab.debug._probe import Probe
from keraslab.debug._probe_fade import measured_rows
from keraslab.debug._probe_rows import ProbeRow
from keraslab.debug._probe_stats import activation_name
from keraslab.debug._probe_text import number
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug.checks._probed import FEWEST, probed
from keraslab.debug.checks._softer import (
    normalized_between,
    rectified,
    scaled_before,
    skip_connections,
    smaller_weights,
)
from keraslab.graph import Call

_FADED = 1e-6
_BURST = 1e6
_SHARE = 0.9
_STEPS = frozenset(
    {
        "Argmax",
        "Argmin",
        "Round",
        "Floor",
        "Ceil",
        "Trunc",
        "Sign",
        "Greater",
        "GreaterEqual",
        "Less",
        "LessEqual",
        "Equal",
        "NotEqual",
        "StopGradient",
        "FloorDivide",
        "Argsort",
        "TopK",
        "OneHot",
        "Bincount",
        "Digitize",
    }
)
"""Operations that no gradient passes."""


@silent_rule("KL871", "not-a-number", "error")
def not_a_number(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A call makes infinite values or NaN of finite ones, or the loss is one."""
    found = probed(subject)
    if found is None:
        return
    bad = {row.call for row in found.rows if row.nonfinite}
    for row in found.rows:
        if row.call in bad and not any(c.id in bad for c in subject.calls_before(row.call)):
            weights = _bad_weights(subject.graph.call_by_id[row.call])
            why = (
                f"Its weights {listed(weights)} already hold infinite values or NaN."
                if weights
                else f"What arrives at {row.name} is finite; it makes {row.nonfinite} values of "
                "it that are not."
            )
            yield rule.finding(
                f"{row.name!r} gives values that are infinite or not a number, "
                "and everything after it does too.",
                calls=(row.call,),
                cause=Cause(row.name, why, row.call),
                graph=subject.graph,
            )
            return
    if found.loss is not None and not np.isfinite(found.loss):
        yield rule.finding(
            f"The loss of the first batch is {found.loss}, though every output of the model is "
            "finite.",
            calls=tuple(dict.fromkeys(port.call for port in subject.graph.outputs)),
            cause=Cause("the loss", "It takes a logarithm, root or quotient of these outputs."),
            graph=subject.graph,
        )


def _bad_weights(call: Call) -> list[str]:
    variables = {id(v): v for v in getattr(call.operation, "weights", None) or ()}
    held = [w for w in call.weights if w.key in variables]
    arrays = [np.asarray(keras.ops.convert_to_numpy(variables[w.key].value)) for w in held]
    return [
        w.name
        for w, a in zip(held, arrays, strict=True)
        if a.dtype.kind == "f" and not np.isfinite(a).all()
    ]


@silent_rule("KL872", "output-never-changes", "warning")
def output_never_changes(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Every sample of the batch gets exactly the same output."""
    found = probed(subject)
    if found is None or found.samples < 2 or not _differ(subject, found.samples):
        return
    for call, change in found.outputs.items():
        row = found[call]
        if change or (row.gradient is None and found.loss is not None) or row.nonfinite:
            continue
        if not keras.backend.is_float_dtype(subject.graph.call_by_id[call].outputs[0].dtype):
            continue
        before = subject.all_before(call)
        if any(subject.graph.call_by_id[c].type in _STEPS for c in before):
            continue  # one class, or one side of a limit, for all is no wonder before training
        path = [r for r in found.rows if r.call in before and r.std == 0]
        first = path[0] if path else row
        value = number(row.mean) if row.std == 0 else "the same values"
        dead = first.dead is not None and first.dead == first.units
        why = (
            f"Every unit of {first.name!r} is 0 for every sample."
            if dead
            else f"{first.name!r} is the first that gives one value only."
            if first.std == 0
            else "What it depends on does not reach it."
        )
        yield rule.finding(
            f"{row.name!r} gives {value} for each of {found.samples} different samples.",
            calls=(call,),
            cause=Cause(first.name, why, first.call),
            graph=subject.graph,
        )


def _differ(subject: Subject, samples: int) -> bool:
    if subject.batch is None:
        return False
    leaves = [np.asarray(leaf)[:samples] for leaf in keras.tree.flatten(subject.batch.x)]
    return any((leaf != leaf[:1]).any() for leaf in leaves)


@silent_rule("KL873", "gradient-cut", "error")
def gradient_cut(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A step without slope keeps the gradient from weights that are to be trained."""
    found = probed(subject)
    if found is None or found.loss is None or not np.isfinite(found.loss):
        return
    rows = {row.call: row for row in found.rows}
    for row in found.rows:
        call = subject.graph.call_by_id[row.call]
        dead = row.units is not None and row.dead == row.units and found.samples >= FEWEST
        if not (call.type in _STEPS or dead or _cast_to_whole(call)):
            continue
        before = [rows[c] for c in subject.all_before(row.call)]
        starved = [r for r in before if r.weights and r.weight_gradient == 0]
        if not starved or not _leads_to_loss(row, subject, rows):
            continue
        names = list(dict.fromkeys(r.name for r in starved))
        why = (
            f"All {row.units} units of {row.name!r} are 0 for every sample, where relu is flat."
            if dead
            else f"{row.name!r} ({row.type}) has no slope: what goes in may change a little and "
            "nothing changes behind it."
        )
        yield rule.finding(
            f"No gradient arrives at {listed(names, 4)}, because {row.name!r} lets none through.",
            calls=(row.call, *[r.call for r in starved]),
            cause=Cause(row.name, why, row.call),
            graph=subject.graph,
        )


def _cast_to_whole(call: Call) -> bool:
    return (
        call.kind != "input"
        and any(keras.backend.is_float_dtype(spec.dtype) for spec in call.inputs)
        and all(not keras.backend.is_float_dtype(spec.dtype) for spec in call.outputs)
    )


def _leads_to_loss(row: ProbeRow, subject: Subject, rows: dict[str, ProbeRow]) -> bool:
    """Whether the loss depends on what comes after a step."""
    after = [rows[c] for c in (row.call, *subject.all_after(row.call))]
    return any((r.gradient or 0) > 0 for r in after)


@silent_rule("KL874", "vanishing-gradient", "warning")
def vanishing_gradient(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Of the gradient at the last layers, less than a millionth is left at the first."""
    found = probed(subject)
    ends = None if found is None else _ends(found)
    if found is None or ends is None:
        return
    first, last, ratio = ends
    if not 0 < ratio < _FADED:
        return
    curved = [r for r in found.rows if r.weights and _curve(subject, r) in ("sigmoid", "tanh")]
    deep = max(row.depth for row in found.rows)
    why = (
        f"Each of {len(curved)} layers with {_curve(subject, curved[0])} makes it smaller."
        if len(curved) > 2
        else f"It passes {deep} layers with weights one after the other."
    )
    yield rule.finding(
        f"The gradient fades on its way back: at {first.name!r} it is "
        f"{number((first.gradient or 0) / (last.gradient or 1))} times what it is at "
        f"{last.name!r}.",
        calls=(first.call, last.call),
        cause=Cause((curved or [first])[0].name, why, (curved or [first])[0].call),
        fixes=(*skip_connections(rule, subject), *rectified(rule, subject)),
        graph=subject.graph,
    )


@silent_rule("KL875", "exploding-gradient", "warning")
def exploding_gradient(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """The gradient at the first layers is more than a million times that at the last."""
    found = probed(subject)
    ends = None if found is None else _ends(found)
    if ends is None or not ends[2] > _BURST:
        return
    first, last, ratio = ends
    yield rule.finding(
        f"The gradient grows on its way back: at {first.name!r} it is {ratio:,.0f} times what "
        f"it is at {last.name!r}.",
        calls=(first.call, last.call),
        cause=Cause(first.name, "Weights this large make it grow in each layer.", first.call),
        fixes=(*smaller_weights(rule, subject), *normalized_between(rule, subject)),
        graph=subject.graph,
    )


def _ends(found: Probe) -> tuple[ProbeRow, ProbeRow, float] | None:
    """The first and the last layer with weights, and the gradient of the one to the other.

    The strongest of the first three and of the last three count: one layer alone may be small
    for a good reason. Outputs with a softmax or sigmoid are left out.
    """
    rows = measured_rows(found)
    if len(rows) < 6 or max(r.depth for r in rows) < 6:
        return None
    if not all(np.isfinite(r.gradient or 0) for r in rows):
        return None
    first = max(rows[:3], key=lambda r: r.gradient or 0)
    last = max(rows[-3:], key=lambda r: r.gradient or 0)
    if not last.gradient or not first.gradient:
        return None
    ratio = first.gradient / last.gradient
    # The very first is the one to name, where something arrives at it.
    return (rows[0] if rows[0].gradient else first), last, ratio


@silent_rule("KL876", "dead-units", "warning")
def dead_units(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """More than nine of ten units of a ReLU are 0 for the whole batch."""
    found = probed(subject)
    if found is None or found.samples < FEWEST:
        return
    for row in found.rows:
        if row.units is None or row.units < 8 or (row.dead_share or 0) <= _SHARE:
            continue
        yield rule.finding(
            f"{row.dead} of the {row.units} units of {row.name!r} are 0 for all "
            f"{found.samples} samples: they give nothing, and nothing trains them.",
            calls=(row.call,),
            cause=Cause(
                row.name,
                "What arrives is below 0 nearly everywhere: a bias far below 0, or inputs and "
                "weights that are much too large.",
                row.call,
            ),
            graph=subject.graph,
        )
        return  # what comes after it is dead because of it


@silent_rule("KL877", "saturated", "warning")
def saturated(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Nearly all values of a hidden sigmoid or tanh are at its ends."""
    found = probed(subject)
    if found is None or found.samples < FEWEST:
        return
    for row in found.rows:
        name = _curve(subject, row)
        if name not in ("sigmoid", "tanh") or (row.saturated or 0) <= _SHARE:
            continue
        after = subject.calls_after(row.call)
        gate = any(call.type in ("Multiply", "Where") for call in after)
        if gate or not after or row.call in subject.output_calls:
            continue
        yield rule.finding(
            f"{100 * (row.saturated or 0):.0f} % of what {row.name!r} gives is at the ends of "
            f"its {name}, where it is flat and hardly trains.",
            calls=(row.call,),
            cause=Cause(
                row.name,
                "What arrives is far from 0: inputs that are not scaled, or weights that are "
                "too large.",
                row.call,
            ),
            fixes=scaled_before(rule, subject, row.call),
            graph=subject.graph,
        )
        return


def _curve(subject: Subject, row: ProbeRow) -> str | None:
    name = activation_name(subject.graph.call_by_id[row.call])
    return name.removeprefix("hard_") if name else None
