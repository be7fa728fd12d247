"""Changes for gradients that fade or burst, tried on a copy whose gradients are taken again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from keraslab.debug._again import as_it_is
from keraslab.debug._copied import Instead, Make, Spot, copy_of, lines, on_a_copy
from keraslab.debug._finding import Fix
from keraslab.debug._probe_measure import part_of
from keraslab.debug._rules import Rule
from keraslab.debug._subject import Subject
from keraslab.debug.checks._probed import probed, seconds_of
from keraslab.graph import Call

_SECONDS = 1.0
"""What one trial may cost, in which the batch runs through the copy once."""


def skip_connections(rule: Rule, subject: Subject) -> tuple[Fix, ...]:
    """A way around each layer that gives the shape it is given."""
    code = "h = layers.Add()([h, y])"
    fix = Fix("lead a skip connection around every layer or two", code)
    around: dict[str, Instead] = {}
    for first in _learning(subject):
        last = _before_the_next(subject, first)
        taken = subject.calls_before(first.id)
        if len(taken) == 1 and first.inputs[0].shape == last.outputs[0].shape:
            around[last.id] = _added(code, taken[0].id)
    return _measured(rule, subject, fix, around)


def _before_the_next(subject: Subject, call: Call) -> Call:
    """The last call of the chain that a layer begins, before the next layer of its kind."""
    while True:
        after = subject.only_after(call.id)
        if after is None or "kernel_initializer" in after.config:
            return call
        if len(subject.edges_into[after.id]) != 1:
            return call
        call = after


def _added(code: str, start: str) -> Instead:
    return lines(code, "h", lambda spot: {"h": spot.made[start], "y": spot.as_it_was()})


def rectified(rule: Rule, subject: Subject) -> tuple[Fix, ...]:
    """All layers before the outputs with relu and weights that keep its size."""
    fix = Fix(
        "use relu, with the spread of weights made for it",
        'layers.Dense(units, activation="relu", kernel_initializer="he_normal")',
    )
    changed = {
        id(call.operation)
        for call in _learning(subject)
        if "activation" in call.config and call.id not in subject.output_calls
    }
    make = _with(changed, activation="relu", kernel_initializer="he_normal")
    return _measured(rule, subject, fix, {}, make)


def smaller_weights(rule: Rule, subject: Subject) -> tuple[Fix, ...]:
    """All layers with the weights that Keras starts them with."""
    fix = Fix(
        "start with smaller weights", 'layers.Dense(units, kernel_initializer="glorot_uniform")'
    )
    changed = {id(call.operation) for call in _learning(subject)}
    return _measured(rule, subject, fix, {}, _with(changed, kernel_initializer="glorot_uniform"))


def normalized_between(rule: Rule, subject: Subject) -> tuple[Fix, ...]:
    """A normalization behind each layer before the outputs."""
    code = "h = layers.BatchNormalization()(h)"
    after = lines(code, "h", lambda spot: {"h": spot.as_it_was()})
    calls = [call.id for call in _learning(subject) if call.id not in subject.output_calls]
    fix = Fix("normalize between the layers", code)
    return _measured(rule, subject, fix, dict.fromkeys(calls, after))


def scaled_before(rule: Rule, subject: Subject, call: str) -> tuple[Fix, ...]:
    """A normalization before one layer."""
    code = "h = layers.LayerNormalization()(h)"
    scaled = lines(code, "h", lambda spot: {"h": spot.args[0]})

    def run(spot: Spot) -> Any:
        return spot.layer(scaled(spot), *spot.args[1:], **spot.kwargs)

    return _measured(rule, subject, Fix("scale what arrives", code), {call: run})


def _learning(subject: Subject) -> list[Call]:
    """The calls of layers whose weights have a spread to start with."""
    return [c for c in subject.graph.calls if c.weights and "kernel_initializer" in c.config]


def _with(changed: set[int], **settings: Any) -> Make:
    def make(operation: Any) -> Any:
        return copy_of(operation, **(settings if id(operation) in changed else {}))

    return make


def _measured(
    rule: Rule,
    subject: Subject,
    fix: Fix,
    instead: Mapping[str, Instead],
    make: Make | None = None,
) -> tuple[Fix, ...]:
    """The change, where the gradients of a copy with it are in order."""
    found, batch = probed(subject), subject.batch
    if found is None or batch is None:
        return (fix,)
    if seconds_of(subject.graph, found.samples, backward=True) > _SECONDS:
        return (fix,)
    few = part_of(batch, slice(found.samples))

    def look(asked: Subject) -> Iterator[Any]:
        again = probed(asked)
        if again is None or again.loss is None:
            raise ValueError("The copy cannot be measured.")
        # No gradient is in order where there is no number to take it of.
        yield from rule.look(asked) if np.isfinite(again.loss) else (0, 1)

    return on_a_copy(
        rule,
        subject,
        fix,
        instead,
        make=make,
        look=look,
        real=True,
        before=as_it_is(subject),
        data=(few.x, few.y),
        among=(),
    )
