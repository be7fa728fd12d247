"""Cutting the calls of a model into segments, between which few values are held."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import keras

from keraslab.graph import keras_internals
from keraslab.graph._walk import _casts_nothing


@dataclass(frozen=True)
class Step:
    """One call on the way through a graph. Tensors are known by the ids of the symbolic ones."""

    node: Any
    item: str
    """What the call is named, with the calls of models that it stands in."""
    takes: tuple[int, ...]
    """An input takes what it gives."""
    gives: tuple[int, ...]
    is_input: bool = False
    same: bool = False
    """Whether it gives on what it takes, and is no call of the graph."""
    inner: Any = None
    """The graph of a nested model."""


def steps_of(functional: Any, scope: str | None) -> list[Step]:
    """The calls that can be made, in order.

    Args:
        functional: The graph.
        scope: The item that the graph is called in; None for the model itself.
    """
    traced = isinstance(functional, keras_internals.Traced)
    known = set(map(id, functional.inputs))
    made: Counter[str] = Counter()
    steps = []
    for node in keras_internals.nodes_of(functional):
        operation = keras_internals.operation_of(node)
        is_input = isinstance(operation, keras.layers.InputLayer)
        if is_input and scope is not None:
            continue
        gives = tuple(map(id, keras_internals.tensors_out(node)))
        takes = gives if is_input else tuple(map(id, keras_internals.tensors_in(node)))
        if not known.issuperset(takes):
            continue
        known.update(gives)
        if traced and _casts_nothing(node):
            steps.append(Step(node, "", takes, gives, same=True))
            continue
        name = f"{operation.name}#{made[operation.name]}"
        made[operation.name] += 1
        item = name if scope is None else f"{scope}/{name}"
        inner = None if is_input else keras_internals.functional_of(operation)
        steps.append(Step(node, item, takes, gives, is_input, inner=inner))
    return steps


def segments_of(
    steps: Sequence[Step], outputs: Iterable[int], sizes: Mapping[str, float], room: float
) -> list[Sequence[Step]]:
    """Cut the steps so that the fewest bytes leave segments; they are held till the way back.

    A nested model stands alone, and is cut inside.

    Args:
        steps: All of them, in order.
        outputs: The tensors that the graph gives.
        sizes: The bytes that each item gives.
        room: The bytes that the steps of one segment may give, gradients of weights included.
    """
    own = [sizes.get(step.item, 0.0) for step in steps]
    inside = [size + _weights(step) for size, step in zip(own, steps, strict=True)]
    last = {tensor: place for place, step in enumerate(steps) for tensor in step.takes}
    last.update(dict.fromkeys(outputs, len(steps)))
    going_on = [0.0] * len(steps)
    ending: dict[int, list[tuple[int, float]]] = {}
    for place, step in enumerate(steps):
        for tensor in step.gives:
            until = last.get(tensor, place)
            if until > place:
                share = own[place] / len(step.gives)
                going_on[place] += share
                ending.setdefault(until, []).append((place, share))
    # For each end: the bytes that leave segments up to it, their number, where the last starts.
    best = [(0.0, 0, 0), *[(math.inf, 0, 0)] * len(steps)]
    for start in range(len(steps)):
        total = leaving = 0.0
        for place in range(start, len(steps)):
            total += inside[place]
            nested = steps[place].inner is not None
            if place > start and (nested or total > room):
                break
            ended = sum(share for made, share in ending.get(place, ()) if made >= start)
            leaving += going_on[place] - ended
            way = best[start][0] + leaving, best[start][1] + 1, start
            best[place + 1] = min(best[place + 1], way)
            if nested:
                break
    ends = [len(steps)]
    while ends[-1]:
        ends.append(best[ends[-1]][2])
    return [steps[start:end] for end, start in reversed(list(pairwise(ends)))]


def _weights(step: Step) -> float:
    operation = keras_internals.operation_of(step.node)
    variables = getattr(operation, "trainable_variables", ())
    return 4.0 * sum(math.prod(map(int, variable.shape)) for variable in variables)
