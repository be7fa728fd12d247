"""With data: does someone's own loss or metric compare each sample with its own target?"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._heads import Head, said_of
from keraslab.debug._misfit import Array
from keraslab.debug._other_data import as_array_code, changed_data
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug.checks._labels import said_target
from keraslab.debug.checks._loss_lines import other_lines
from keraslab.debug.checks._loss_shapes import Own, mixes, own_losses, stretched

_SAMPLES = 5


@silent_rule("KL780", "loss-stretches", "error")
def loss_stretches(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Targets of shape (n,) and outputs of shape (n, 1): their difference is n × n."""
    for head in subject.heads:
        target = subject.data.target(head) if subject.data is not None else None
        if target is None or target.dtype.kind not in "biuf" or len(target) < 2:
            continue
        few, values = target[:_SAMPLES], _values(head, target[:_SAMPLES])
        if values is None:
            continue
        if values.size != few.size or values.shape == few.shape:
            yield from _within(rule, subject, head, few, values)
            continue
        told = []
        for given in _own_functions(head):
            if not _differs(given, few, values):
                continue
            told.append(given)
            said = said_target(subject, head)
            n = len(target)
            yield rule.finding(
                f"{said} is {' × '.join(map(str, target.shape))} and {head.layer!r} gives "
                f"{head.spec.text}, so {said_of(given)} compares every sample with every other "
                f"({n} × {n}).",
                calls=(head.call,),
                cause=Cause(said_of(given), "it stretches one over the other", head.call),
                fixes=_reshaped(rule, subject, said, values.shape[1:], n),
                graph=subject.graph,
            )
        yield from _within(rule, subject, head, few, values, told)


def _within(
    rule: Rule, subject: Subject, head: Head, few: Array, values: Array, told: Sequence[Any] = ()
) -> Iterator[Finding]:
    """Losses that lose an axis of the one on the way and set it against the other."""
    for own in own_losses(head):
        if any(own.given is each for each in told):
            continue
        random = np.random.default_rng(1)
        given = np.asarray(random.uniform(0.1, 0.9, few.shape), "float32")
        true, outputs = own.arrays(given, values)
        shapes = stretched(own.function, true.shape[1:], outputs.shape[1:])
        if shapes is None or not mixes(own.function, true, outputs):
            continue
        said = said_of(own.given)
        told_of = [" × ".join("n" if s == -1 else str(s) for s in each) for each in shapes]
        yield rule.finding(
            f"{said} sets {told_of[0]} values against {told_of[-1]}, for n samples, which makes "
            "n × n of them: every sample meets every other one.",
            calls=(head.call,),
            cause=Cause(said, "one side has lost an axis that the other one has", head.call),
            fixes=(*_kept(own, true, outputs), *_levelled(own, true, outputs)),
            graph=subject.graph,
        )


def _kept(own: Own, true: Array, outputs: Array) -> Iterator[Fix]:
    """A line of the loss that keeps the axis, where no samples meet with it."""
    for line, function in other_lines(own.function):
        if stretched(function, true.shape[1:], outputs.shape[1:]) is not None:
            continue
        if mixes(function, true, outputs) is False:
            title = f"keep the axis in {said_of(own.given)}"
            yield Fix(title, line, tried=True)
            return


def _levelled(own: Own, true: Array, outputs: Array) -> Iterator[Fix]:
    """Targets or outputs with an axis less from the start, where no samples meet then."""
    names = own.names
    sides: list[tuple[int, ...]] = [(1,), (0,), (0, 1)]
    for chosen in sides:
        arrays = [true, outputs]
        if any(arrays[side].ndim < 2 or arrays[side].shape[-1] != 1 for side in chosen):
            continue
        for side in chosen:
            arrays[side] = arrays[side][..., 0]
        shapes = [each.shape[1:] for each in arrays]
        if stretched(own.function, *shapes) is not None:
            continue
        if mixes(own.function, *arrays) is not False:
            continue
        said = " and ".join(names[side] for side in chosen)
        lines = [f"{names[side]} = keras.ops.squeeze({names[side]}, -1)" for side in chosen]
        title = f"take {said} without the last axis too, first of all in {said_of(own.given)}"
        yield Fix(title, "\n".join(lines), tried=True)
        return


def _reshaped(
    rule: Rule, subject: Subject, said: str, sizes: tuple[int, ...], samples: int
) -> tuple[Fix, ...]:
    shape = ", ".join(map(str, (-1, *sizes)))
    fix = Fix(
        "give the targets the shape of the output",
        f"{said} = {as_array_code(subject, said)}.reshape({shape})",
        " × ".join(map(str, (samples, *sizes))),
    )
    return changed_data(rule, subject, fix)


def _own_functions(head: Head) -> Iterator[Any]:
    """Losses and metrics of someone's own that Keras calls with the shapes as they are."""
    loss = head.loss
    if loss is not None and loss.name is None and isinstance(loss.given, keras.losses.Loss):
        yield loss.given
    for metric in head.metrics:
        if inspect.isfunction(metric) and (metric.__module__ or "").split(".")[0] != "keras":
            yield metric


def _values(head: Head, target: Array) -> Array | None:
    sizes = [size for size in head.spec.shape[1:] if size is not None]
    if len(sizes) < len(head.spec.shape) - 1:
        return None
    random = np.random.default_rng(0)
    return np.asarray(random.uniform(0.1, 0.9, (len(target), *sizes)), "float32")


def _differs(given: Any, target: Array, values: Array) -> bool:
    """Whether the result is another one where the targets have the shape of the output."""
    random = np.random.default_rng(1)
    targets = np.asarray(random.uniform(0.1, 0.9, target.shape), "float32")

    def mean(true: Array) -> float:
        tensors = [keras.ops.convert_to_tensor(each) for each in (true, values)]
        return float(np.mean(keras.ops.convert_to_numpy(given(*tensors))))

    try:
        as_given, again = mean(targets), mean(targets)
        shaped = mean(targets.reshape(values.shape))
    except Exception:  # a loss of someone's own may want other values than these
        return False
    if not np.isfinite([as_given, again, shaped]).all() or as_given != again:
        return False
    return abs(as_given - shaped) > 1e-4 * max(abs(shaped), 1e-3)
