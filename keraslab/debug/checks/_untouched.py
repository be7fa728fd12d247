"""Layers that wait for trained weights and never got them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug._tried import with_trainable
from keraslab.debug.checks._calls import is_layer, operations
from keraslab.graph import Call, is_skeleton

_LARGEST = 20_000_000
"""Values of a table that are still drawn again to be compared."""


@silent_rule("KL857", "frozen-random-embedding", "warning")
def frozen_random_embedding(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """An embedding frozen by itself that still holds the random numbers it was made with."""
    graph = subject.graph
    for call in _frozen_alone(subject):
        if not _is_as_made(call.operation):
            continue
        name, size = call.name, call.weights[0].size
        table = " × ".join(map(str, call.weights[0].shape))
        yield rule.finding(
            f"The embedding {name!r} is frozen and was never given trained vectors: its {table} "
            "table stays random for ever.",
            calls=(call.id,),
            cause=Cause(
                name,
                f"{name!r} has trainable=False, and its {size:,} values are those that its "
                "initializer drew.",
                call.id,
            ),
            fixes=_fixes(rule, subject, call, table) if "/" not in call.id else (),
            graph=graph,
        )


def _fixes(rule: Rule, subject: Subject, call: Call, table: str) -> tuple[Fix, ...]:
    layer = f'model.get_layer("{call.name}")'
    # Only who made the model has the vectors, so that this stays untried.
    given = Fix(
        "give it the vectors before it is used", f"{layer}.set_weights([vectors])  # {table}"
    )
    learned = Fix("or let it learn its own, then compile again", f"{layer}.trainable = True")
    trains = {call.layer: True}
    return (given, *with_trainable(rule, subject, learned, trains, _frozen_alone))


def _frozen_alone(subject: Subject) -> list[Call]:
    """The embeddings that are frozen while other layers beside them train."""
    return [
        call
        for _, call in operations(subject.graph)
        if is_layer(call, "Embedding")
        and call.weights
        and not any(weight.trainable for weight in call.weights)
        and _others_train(subject, call)
    ]


def _others_train(subject: Subject, call: Call) -> bool:
    """Whether other layers of the same model train, so that this one was frozen by itself."""
    around = call.id.rpartition("/")[0]
    return any(
        each.id.rpartition("/")[0] == around and any(w.trainable for w in each.weights)
        for each in subject.graph.calls
    )


def _is_as_made(layer: Any) -> bool:
    """Whether a table holds what its initializer, which was given no seed, draws each time."""
    if is_skeleton(layer) or not isinstance(layer, keras.layers.Embedding):
        return False
    draws = layer.embeddings_initializer
    # Keras' random initializers keep the seed they chose, and draw the same numbers again.
    if type(draws).__module__.split(".")[0] != "keras" or not isinstance(
        getattr(draws, "seed", None), int
    ):
        return False
    # With a seed of one's own the random codes are what is wanted.
    if draws.get_config().get("seed") is not None:
        return False
    variable = layer.weights[0]
    if np.prod(variable.shape) > _LARGEST:
        return False
    fresh = keras.ops.convert_to_numpy(draws(variable.shape, dtype=variable.dtype))
    return bool(np.array_equal(fresh, keras.ops.convert_to_numpy(variable)))
