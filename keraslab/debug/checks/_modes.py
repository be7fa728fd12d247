"""Batch normalisation that is tied to one mode, by its own call or by that of a model around it."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

from keraslab.debug._copied import lines, on_a_copy
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug.checks._calls import DROPOUTS, constants, is_layer, listed
from keraslab.graph import Call, is_skeleton, keras_internals


@silent_rule("KL855", "batch-norm-mode", "warning")
def norm_mode(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Batch normalisation that is told to use each batch's own statistics for good, or none."""
    graph = subject.graph
    training: dict[str, list[Call]] = {}
    told: set[str] = set()
    for call in graph.calls:
        if not is_layer(call, "BatchNormalization") or call.layer in told:
            continue
        mode, teller = told_mode(subject, call)
        own = teller == call.id
        if mode is True:
            told.add(call.layer)
            training.setdefault(teller, []).append(call)
        elif mode is False and own and _is_untouched(call):
            told.add(call.layer)
            yield _never_seen(rule, subject, call, "called with training=False")
        elif mode is None and _is_frozen(call) and _is_untouched(call) and _alone(subject, call):
            told.add(call.layer)
            yield _never_seen(rule, subject, call, "frozen by itself")
    for teller, norms in training.items():
        moving = [norm for norm in norms if not _is_frozen(norm)]
        if moving:
            yield _in_training_mode(rule, subject, teller, moving)
        elif graph.trainable_params:  # else it is only run, with its dropouts on, as some mean to
            yield _waiting(rule, subject, teller, norms)


def _in_training_mode(rule: Rule, subject: Subject, teller: str, norms: list[Call]) -> Finding:
    first, name = norms[0], _name(teller)
    message = f"{name!r} is called with training=True"
    if teller != first.id:
        names = listed([norm.name for norm in norms])
        message += f", and so is the batch normalisation in it, {names}"
    return rule.finding(
        f"{message}: predictions then depend on which other samples are in the batch.",
        calls=tuple(norm.id for norm in norms),
        cause=Cause(first.name, "training=True in the call stays so in predict().", first.id),
        fixes=_own_mode(rule, subject, teller),
        graph=subject.graph,
    )


def _waiting(rule: Rule, subject: Subject, teller: str, norms: list[Call]) -> Finding:
    """What is frozen keeps its statistics whatever it is told, until it is unfrozen."""
    first, name = norms[0], _name(teller)
    it = "it" if teller == first.id else "its batch normalisation"
    inside = [c for c in subject.graph.calls if c.id.startswith(f"{teller}/")]
    drops = list(dict.fromkeys(c.name for c in inside if is_layer(c, *DROPOUTS)))
    also = f" Its {listed(drops)} drop values in predict() as well." if drops else ""
    return rule.finding(
        f"{name!r} is frozen and called with training=True: {it} keeps to the statistics it holds "
        "while it is frozen, and to each batch's own, in predict() too, as soon as it is "
        f"not.{also}",
        calls=tuple(norm.id for norm in norms),
        cause=Cause(name, "training=True in the call stays when it is unfrozen.", first.id),
        fixes=_own_mode(rule, subject, teller, "training=False"),
        graph=subject.graph,
    )


def _never_seen(rule: Rule, subject: Subject, call: Call, how: str) -> Finding:
    fixes: tuple[Fix, ...] = ()
    if how.startswith("called"):
        fixes = _own_mode(rule, subject, call.id)
    elif "/" not in call.id:
        fixes = (Fix("let it train", f'model.get_layer("{call.name}").trainable = True'),)
    cause = "With training=False its statistics are never updated."
    if not how.startswith("called"):
        cause = "Frozen, it never updates its statistics."
    return rule.finding(
        f"{call.name!r} is {how} and has never seen data: it normalises with mean 0 and variance "
        "1, and so changes nothing.",
        calls=(call.id,),
        cause=Cause(call.name, cause, call.id),
        fixes=fixes,
        graph=subject.graph,
    )


def _own_mode(rule: Rule, subject: Subject, teller: str, mode: str = "") -> tuple[Fix, ...]:
    """The layer, or the nested model, called without a mode, or in another."""
    word = _name(teller)
    word = word if word.isidentifier() else "layer"
    title = "run it in inference mode" if mode else "let Keras choose the mode"
    fix = Fix(title, f"x = {word}(x, {mode})" if mode else f"x = {word}(x)")
    if "/" in teller:
        # What a call inside a nested model says is written where that model is made.
        return (fix,)
    called = lines(fix.code, "x", lambda s: {word: s.layer, "x": s.args[0]})
    return on_a_copy(rule, subject, fix, {teller: called}, real=not is_skeleton(subject.model))


def told_mode(subject: Subject, call: Call) -> tuple[bool | None, str]:
    """What a call, or the nearest model around it, was told of the mode, and which of them was.

    Args:
        subject: The model.
        call: One of its calls.
    """
    given = _training_in(call)
    if given is not None:
        return given, call.id
    model = subject.keras_model
    functional = None if model is None else keras_internals.functional_of(model)
    parts = call.id.split("/")[:-1]
    found: tuple[bool | None, str] = None, ""
    for depth, part in enumerate(parts):
        if functional is None:
            return found
        name, _, number = part.rpartition("#")
        nodes = [
            n
            for n in keras_internals.nodes_of(functional)
            if keras_internals.operation_of(n).name == name
        ]
        if int(number) >= len(nodes):
            return found
        node = nodes[int(number)]
        told = keras_internals.arguments_of(node)[1].get("training")
        # What an outer call says holds for all inside, unless an inner one says otherwise.
        if isinstance(told, bool):
            found = told, "/".join(parts[: depth + 1])
        functional = keras_internals.functional_of(keras_internals.operation_of(node))
    return found


def _training_in(call: Call) -> bool | None:
    given = constants(call)[1].get("training")
    return given if isinstance(given, bool) else None


def _name(call_id: str) -> str:
    return call_id.rpartition("/")[2].rpartition("#")[0]


def _is_frozen(call: Call) -> bool:
    return bool(call.weights) and not any(weight.trainable for weight in call.weights)


def _alone(subject: Subject, call: Call) -> bool:
    """Whether a layer is frozen while what stands before and after it trains."""
    around = call.id.rpartition("/")[0]
    near = subject.all_before(call.id) | subject.all_after(call.id)
    others = [
        each
        for each in subject.graph.calls
        if each.weights and each.layer != call.layer and each.id.rpartition("/")[0] == around
    ]
    trains = [not _is_frozen(each) for each in others if not is_layer(each, "BatchNormalization")]
    return bool(trains) and all(trains) and any(each.id in near for each in others)


def _is_untouched(call: Call) -> bool:
    """Whether the statistics are still those it was made with."""
    layer = call.operation
    if is_skeleton(layer) or not isinstance(layer, keras.layers.BatchNormalization):
        return False
    mean = np.asarray(keras.ops.convert_to_numpy(layer.moving_mean))
    variance = np.asarray(keras.ops.convert_to_numpy(layer.moving_variance))
    if not (np.all(mean == 0) and np.all(variance == 1)):
        return False
    scale = (
        [np.all(np.asarray(keras.ops.convert_to_numpy(layer.gamma)) == 1)] if layer.scale else []
    )
    shift = (
        [np.all(np.asarray(keras.ops.convert_to_numpy(layer.beta)) == 0)] if layer.center else []
    )
    # What it scales and shifts by is learned, unless it is frozen.
    return not _is_frozen(call) or all([*scale, *shift])
