"""Calls that were made on the way and lead to no output."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras

from keraslab.debug._finding import Cause, Finding
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug.checks._calls import listed
from keraslab.graph import Call, TensorSpec, keras_internals
from keraslab.graph.keras_internals import held_by_a_model, made_as, outbound_nodes, tensors_out

_LONGEST = 6
"""A branch of more calls is rather another model on the same tensors."""


@silent_rule("KL451", "dead-branch", "warning")
def dead_branch(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Layers called between two layers of the model, whose result nothing of it uses.

    The tensors of a model may well be used elsewhere: by another model on the same layers, or
    by what a cell made when it ran before. A branch is held against this model only where it
    was made in the midst of it, holds weights, gives no shape of the model's outputs, and is
    part of no other model.
    """
    model = subject.keras_model
    functional = None if model is None else keras_internals.functional_of(model)
    if model is None or functional is None:
        return
    shapes = {tuple(output.shape) for output in functional.outputs}
    found = [
        (start, branch)
        for start, branch in _branches(keras_internals.nodes_of(functional))
        if shapes.isdisjoint(tuple(t.shape) for node in branch for t in tensors_out(node))
    ]
    held = held_by_a_model([n for _, branch in found for n in branch]) if found else set()
    for start, branch in found:
        if any(id(node) in held for node in branch):
            continue
        layers = [keras_internals.operation_of(node) for node in branch]
        names = [layer.name for layer in layers]
        maker = keras_internals.operation_of(start).name
        sizes = [tuple(w.shape) for one in layers for w in getattr(one, "weights", ())]
        weights = sum(math.prod(size) for size in sizes)
        leads = "leads" if len(names) == 1 else "lead"
        at = next((c.id for c in subject.graph.calls if c.name == maker), None)
        yield rule.finding(
            f"{listed(names)} {leads} to no output of {model.name!r}: what is worked out there is "
            f"thrown away, and {_has(weights, names)}.",
            calls=() if at is None else (at,),
            cause=Cause(
                names[-1],
                f"{names[0]!r} takes what {maker!r} gives, but no layer of the model takes what "
                f"{names[-1]!r} gives; a later layer was probably meant to take it.",
                at,
            ),
            graph=subject.graph,
        )


def _has(weights: int, names: list[str]) -> str:
    return f"{'its' if len(names) == 1 else 'their'} {weights:,} weights are no part of the model"


def _branches(own: list[Any]) -> Iterator[tuple[Any, list[Any]]]:
    """Each branch with weights that was made in the midst of the model, and where it leaves."""
    inside = {id(node) for node in own}
    layers = {id(keras_internals.operation_of(node)) for node in own}
    made = {id(node): _made(node) for node in own}
    numbers = [number for number in made.values() if number is not None]
    if not numbers:
        return
    last, seen = max(numbers), set()
    tensors = {id(tensor) for node in own for tensor in tensors_out(node)}
    for node in own:
        consumers = outbound_nodes(keras_internals.operation_of(node))
        here = {id(tensor) for tensor in tensors_out(node)}
        for consumer in consumers:
            taken = [id(tensor) for tensor in keras_internals.tensors_in(consumer)]
            if id(consumer) in inside or here.isdisjoint(taken) or not tensors.issuperset(taken):
                continue
            if id(consumer) in seen:  # it takes a tensor in several places
                continue
            seen.add(id(consumer))
            branch = _whole(consumer, inside)
            first, end = _made(branch[0]), _made(branch[-1])
            start = made[id(node)]
            if start is None or first is None or end is None:
                continue  # a name of its own, as inputs have, tells no order
            if not start < first <= end < last:
                continue
            # A cell that ran twice leaves its first turn behind.
            if _types(branch) == _types(_after(node, own))[: len(branch)]:
                continue
            # The last turn of a loop leaves what the next would have taken: x - f(x). One tensor
            # in several places, as in attention(x, x), is no such merge.
            if any(len(set(map(id, keras_internals.tensors_in(each)))) > 1 for each in branch):
                continue
            learned = [keras_internals.operation_of(each) for each in branch if _learns(each)]
            # A layer that the model calls as well has its weights there.
            if learned and len(branch) <= _LONGEST and layers.isdisjoint(map(id, learned)):
                yield node, branch


def _after(node: Any, own: list[Any]) -> list[Any]:
    """The model's own calls that what a call gave leads to, in their order."""
    reached = {id(tensor) for tensor in tensors_out(node)}
    found = []
    for each in own:
        if not reached.isdisjoint(map(id, keras_internals.tensors_in(each))):
            found.append(each)
            reached.update(id(tensor) for tensor in tensors_out(each))
    return found


def _types(nodes: list[Any]) -> list[type]:
    return [type(keras_internals.operation_of(node)) for node in nodes]


@dataclass(frozen=True)
class Forgotten:
    """A branch that nothing takes, and what it gives."""

    name: str
    spec: TensorSpec

    @property
    def text(self) -> str:
        """Its shape as people write it."""
        return self.spec.text


def forgotten_beside(subject: Subject, call: Call) -> Forgotten | None:
    """The one branch, made of the model's tensors, that a merge could take and nothing takes."""
    model = subject.keras_model
    functional = None if model is None else keras_internals.functional_of(model)
    if functional is None or call.node is None or "/" in call.id:
        return None
    own = keras_internals.nodes_of(functional)
    inside = {id(node) for node in own}
    layers = {id(keras_internals.operation_of(node)) for node in own}
    tensors = {id(tensor) for node in own for tensor in tensors_out(node)}
    wanted, before = call.inputs[0].shape, _made(call.node)
    axis = call.config.get("axis", -1) if call.type == "Concatenate" else None
    found: dict[int, list[Any]] = {}
    for node in own:
        for consumer in outbound_nodes(keras_internals.operation_of(node)):
            taken = {id(tensor) for tensor in keras_internals.tensors_in(consumer)}
            if id(consumer) in inside or id(consumer) in found or not tensors.issuperset(taken):
                continue
            branch = _whole(consumer, inside)
            learned = [keras_internals.operation_of(each) for each in branch if _learns(each)]
            given, end = tensors_out(branch[-1]), _made(branch[-1])
            early = end is not None and before is not None and end < before and len(taken) == 1
            fits = len(given) == 1 and _fits(tuple(given[0].shape), wanted, axis)
            if early and fits and learned and layers.isdisjoint(map(id, learned)):
                found[id(consumer)] = branch
    held = held_by_a_model([n for branch in found.values() for n in branch]) if found else set()
    free = [b for b in found.values() if not any(id(node) in held for node in b)]
    if len(free) != 1 or len(free[0]) > _LONGEST:
        return None
    shape = tuple(tensors_out(free[0][-1])[0].shape)
    name = keras_internals.operation_of(free[0][-1]).name
    return Forgotten(name, TensorSpec(shape, call.inputs[0].dtype))


def _fits(given: tuple[Any, ...], wanted: tuple[Any, ...], axis: int | None) -> bool:
    if len(given) != len(wanted):
        return False
    free = None if axis is None else axis % len(wanted)
    return all(a == b for i, (a, b) in enumerate(zip(given, wanted, strict=True)) if i != free)


def _made(node: Any) -> int | None:
    numbers = [made_as(tensor) for tensor in tensors_out(node)]
    known = [number for number in numbers if number is not None]
    return max(known) if known else None


def _whole(start: Any, inside: set[int]) -> list[Any]:
    """A call outside the model and all that was made of what it gives."""
    found, waiting = [], [start]
    seen = {id(start)}
    while waiting:
        node = waiting.pop(0)
        found.append(node)
        made = {id(tensor) for tensor in tensors_out(node)}
        for consumer in outbound_nodes(keras_internals.operation_of(node)):
            taken = {id(tensor) for tensor in keras_internals.tensors_in(consumer)}
            if id(consumer) not in seen | inside and not made.isdisjoint(taken):
                seen.add(id(consumer))
                waiting.append(consumer)
    return found


def _learns(node: Any) -> bool:
    operation = keras_internals.operation_of(node)
    return isinstance(operation, keras.Layer) and bool(operation.weights)
