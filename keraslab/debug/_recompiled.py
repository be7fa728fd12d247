"""What ``compile`` is to be given, tried on stand-ins of the outputs before it is offered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from keraslab.debug._again import OF_TRAINING, as_it_is, is_trying, mends, with_heads
from keraslab.debug._finding import Fix
from keraslab.debug._head_mends import outputs_like, targets_for
from keraslab.debug._heads import Head, Heads, all_heads, said_of
from keraslab.debug._plain import is_plain
from keraslab.debug._rules import Rule
from keraslab.debug._subject import Subject
from keraslab.debug._trial import nothing_left_behind
from keraslab.graph import keras_internals
from keraslab.graph.keras_internals import compiled_with, functional_of

_SAMPLES = 4


def recompiled(rule: Rule, subject: Subject, fix: Fix) -> tuple[Fix, ...]:
    """Other arguments of ``compile``, where Keras takes them and the rule falls silent.

    A model of the outputs alone is compiled with them and asked for its loss and metrics, on
    the first targets where there are some. Someone's own losses run on their own targets only.

    Args:
        rule: The rule that offers them.
        subject: The model.
        fix: The change; its code is arguments of ``compile``.

    Returns:
        The change, ``tried`` where it could be; nothing where it does not work.
    """
    compiled = compiled_with(subject.keras_model)
    if compiled is None or subject.all_heads is None or is_trying(subject):
        return (fix,)
    try:
        with nothing_left_behind():
            objects = _objects(compiled)
    except Exception:  # a metric of someone's own that only its author can make again
        return (fix,)
    if functional_of(subject.keras_model) is None or not is_plain(f"dict({fix.code})", objects):
        return (fix,)
    own = False
    try:
        with nothing_left_behind():
            given = eval(compile(f"dict({fix.code})", "<fix>", "eval"), dict(objects))
            twin = _outputs_alone(subject.keras_model)
            kept = {"loss": compiled.loss, "loss_weights": compiled.loss_weights}
            twin.compile(optimizer=None, **(kept | given))
            found = all_heads(twin, subject.graph)
            own = any(_is_own(head) for head in found.heads)
            if own and _targets(subject, found) is None:
                return (fix,)
            targets = _targets(subject, found)
            if targets is not None and _fails_as_it_is(subject, kept, targets):
                targets = None  # what is wrong with these is another rule's to say
            if not _runs(twin, found, targets, "metrics" in given):
                return ()
    except Exception:  # whatever Keras raises, it is not a change to offer
        # A loss of someone's own may want other outputs than stand-ins of them.
        return (fix,) if own else ()
    works = mends(as_it_is(subject), with_heads(subject, found), rule, among=OF_TRAINING)
    return () if works is False else (replace(fix, tried=bool(works)),)


def _objects(compiled: Any) -> dict[str, Any]:
    """What losses and metrics that were given as objects are called in code."""
    objects: dict[str, Any] = {"keras": keras, "dict": dict}
    for each in keras.tree.flatten((compiled.loss, compiled.metrics)):
        if isinstance(each, keras.metrics.Metric):
            # One that was given goes on counting what it counted.
            objects[said_of(each)] = type(each).from_config(each.get_config())
        elif each is not None and not isinstance(each, str):
            objects[said_of(each)] = each
    return objects


def _outputs_alone(model: Any) -> Any:
    """A model whose outputs have the names, keys and shapes of another's, and are its inputs."""
    functional: Any = functional_of(model)
    given, passed = {}, {}
    layers: dict[str, Any] = {}
    for tensor, name in zip(functional.outputs, functional.output_names, strict=True):
        if id(tensor) not in given:
            layer = layers.setdefault(name, keras.layers.Identity(name=name))
            given[id(tensor)] = keras.Input(batch_shape=tensor.shape, dtype=tensor.dtype)
            passed[id(tensor)] = layer(given[id(tensor)])
    structure = keras_internals.output_structure(functional)
    outputs = keras.tree.map_structure(lambda tensor: passed[id(tensor)], structure)
    return keras.Model(list(given.values()), outputs)


def _is_own(head: Head) -> bool:
    loss = head.loss
    return loss is not None and loss.name is None and not isinstance(loss.given, str)


def _targets(subject: Subject, found: Heads) -> list[Any] | None:
    """The first targets of each output, where there are some for each."""
    data = subject.data
    if data is None or data.y is None or not data.y.fits:
        return None
    return [np.asarray(slot.array)[:_SAMPLES] for slot in data.y.slots[: len(found.heads)]]


def _fails_as_it_is(subject: Subject, kept: Mapping[str, Any], targets: list[Any]) -> bool:
    """Whether these targets fail with what ``compile`` was given, and others do not."""
    twin = _outputs_alone(subject.keras_model)
    found = all_heads(subject.keras_model, subject.graph)
    fails = []
    for each in (targets, None):
        twin.compile(optimizer=None, **kept)
        try:
            fails.append(not _runs(twin, found, each, metrics=False))
        except Exception:  # whatever Keras raises
            fails.append(True)
    return fails == [True, False]


def _runs(twin: Any, found: Heads, targets: list[Any] | None, metrics: bool) -> bool:
    """Whether the loss, and with ``metrics`` each of these, is a number."""
    flat = targets or [targets_for(head) for head in found.heads]
    values = [outputs_like(head, len(flat[0])) for head in found.heads]
    structure = keras_internals.output_structure(functional_of(twin))
    target, output = (
        keras.tree.pack_sequence_as(structure, list(map(keras.ops.convert_to_tensor, each)))
        for each in (flat, values)
    )
    numbers = [twin.compute_loss(y=target, y_pred=output)]
    if metrics:
        shown: Mapping[str, Any] = twin.compute_metrics(None, target, output, None)
        numbers += keras.tree.flatten(shown)
    return all(np.isfinite(keras.ops.convert_to_numpy(number)).all() for number in numbers)
