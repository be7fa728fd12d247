"""Changes that a check offers, tried on the graph before they are offered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras

from keraslab.debug._again import Look, as_it_is, is_trying, mends, with_graph, with_model
from keraslab.debug._finding import Fix
from keraslab.debug._plain import is_plain
from keraslab.debug._rules import Rule
from keraslab.debug._subject import Subject
from keraslab.debug._tensors import spec_of
from keraslab.debug._trial import nothing_left_behind, stand_in, swapped
from keraslab.graph import Call, TensorSpec, keras_internals, skeleton, what_if
from keraslab.graph._unbuilt import unbuilt

_LAYERS = 40
"""Layers that are made once more for a trial; a large model must not make a check slow."""
Given = Mapping[str, TensorSpec | Sequence[TensorSpec] | Call]


def with_code(
    subject: Subject,
    fix: Fix,
    given: Given,
    *,
    at: Call | None = None,
    into: Call | None = None,
    result: str = "x",
    run: str | None = None,
) -> tuple[Fix, ...]:
    """A change of code, where its lines run and the rest of the graph takes what they give.

    The lines run on stand-ins, and what comes after them in the graph is worked out anew with
    copies of its layers, without weights.

    Args:
        subject: The model.
        fix: The change.
        given: What the names in its code stand for: the shape of a tensor, or a call whose layer
            it is.
        at: The call whose first output the change gives in its place; None for none.
        into: The only call that takes the new tensor; None for all that took the old one.
        result: The name that the code gives what results.
        run: The lines to run, where they are not those of the fix.
    """
    text = run or fix.code
    if is_trying(subject) or not is_plain(text, given):
        return (fix,)
    try:
        with nothing_left_behind(), skeleton():
            names: dict[str, Any] = {"keras": keras, "layers": keras.layers}
            names |= {name: _held(value) for name, value in given.items()}
            exec(compile(text, "<fix>", "exec"), names)
            made = names[result]
            new = spec_of(made) if isinstance(made, keras.KerasTensor) else None
            sure = at is None or new is None or _goes_on(subject, at, into, new)
    except Exception:  # whatever it raises, it is not a change to offer
        return ()
    return (replace(fix, tried=sure),)


def with_settings(subject: Subject, fix: Fix, call: Call, **settings: Any) -> tuple[Fix, ...]:
    """A change of a layer's settings, where the graph fits together with it.

    Args:
        subject: The model.
        fix: The change.
        call: A call of the layer.
        **settings: The settings that change.
    """
    if is_trying(subject):
        return (fix,)
    try:
        what_if(subject.graph, {call.layer: settings})
    except Exception:  # it does not fit together
        return ()
    return (replace(fix, tried=True),)


def as_model(
    rule: Rule,
    subject: Subject,
    fix: Fix,
    given: Mapping[str, Any] | None = None,
    run: str | None = None,
) -> tuple[Fix, ...]:
    """Code that makes the model anew, where it runs and the rule falls silent on that model.

    Args:
        rule: The rule that offers it.
        subject: The model.
        fix: The change; its code gives the name ``model`` to the model.
        given: What the names in it stand for; ``outputs`` are those of the model.
        run: The lines to run, where they are not those of the fix.
    """
    functional = keras_internals.functional_of(subject.keras_model)
    names = {"outputs": None, **(given or {})}
    text = run or fix.code
    if functional is None or is_trying(subject) or not is_plain(text, names):
        return (fix,)
    names["outputs"] = keras_internals.output_structure(functional)
    names |= {"keras": keras, "layers": keras.layers}
    try:
        with nothing_left_behind(), skeleton():
            exec(compile(text, "<fix>", "exec"), names)
        after = with_model(names["model"])
        same = [p.spec for p in after.graph.outputs] == [p.spec for p in subject.graph.outputs]
        # To ask all rules of a large model twice would make the check slow.
        among = ("KL",) if len(after.graph.calls) <= _LAYERS else ()
        works = same and mends(with_graph(subject, subject.graph), after, rule, among=among)
    except Exception:  # whatever it raises, it is not a change to offer
        return ()
    return () if works is False else (replace(fix, tried=bool(works)),)


def with_trainable(
    rule: Rule, subject: Subject, fix: Fix, trains: Mapping[str, bool], look: Look | None = None
) -> tuple[Fix, ...]:
    """A change of what is frozen, where the rule falls silent on the graph that results.

    Args:
        rule: The rule that offers it.
        subject: The model.
        fix: The change.
        trains: For the name of each layer with weights that it sets, whether it trains then.
        look: What to ask in the rule's place: the part of it that a trial can answer.
    """
    on = {layer: {"trainable": True} for layer, trained in trains.items() if trained}
    if is_trying(subject) or len(on) > _LAYERS:
        return (fix,)
    try:
        graph = what_if(subject.graph, on)
    except Exception:  # a layer of someone's own that cannot be made again
        return (fix,)
    off = {layer for layer, trained in trains.items() if not trained}
    calls = [_frozen(call) if call.layer in off else call for call in graph.calls]
    after = with_graph(subject, replace(graph, calls=tuple(calls)))
    works = mends(as_it_is(subject), after, rule, look=look, among=("KL85",))
    return () if works is False else (replace(fix, tried=bool(works)),)


def _frozen(call: Call) -> Call:
    """The call of a layer that was set to ``trainable=False``: none of its weights trains."""
    return replace(call, weights=tuple([replace(w, trainable=False) for w in call.weights]))


def _held(value: Any) -> Any:
    if isinstance(value, TensorSpec):
        return stand_in(value)
    if isinstance(value, Call):
        return _copy(value.operation)
    return [stand_in(each) for each in value]


def _copy(operation: Any) -> Any:
    return type(operation).from_config(unbuilt(operation.get_config()))


def _goes_on(subject: Subject, at: Call, into: Call | None, new: TensorSpec) -> bool:
    """Whether all that follows was worked out; what does not fit together raises."""
    if new.shape == at.outputs[0].shape:
        return True
    changed: dict[tuple[str, int], TensorSpec] = {(at.id, 0): new}
    for call in subject.graph.calls:
        edges = subject.edges_into[call.id]
        taken = [
            changed.get((e.source, e.source_index))
            if e.source != at.id or into is None or into.id == call.id
            else None
            for e in edges
        ]
        if call.id == at.id or not any(taken):
            continue
        if call.node is None or not type(call.operation).__module__.startswith("keras."):
            return False
        specs = [one or edge.spec for one, edge in zip(taken, edges, strict=True)]
        args, kwargs = keras_internals.arguments_of(call.node)
        left = [stand_in(spec) for spec in specs]
        args, kwargs = swapped((args, dict(kwargs)), left)
        if left:
            return False
        outputs = keras.tree.flatten(_copy(call.operation)(*args, **kwargs))
        for index, (one, old) in enumerate(zip(outputs, call.outputs, strict=False)):
            if tuple(one.shape) != old.shape:
                changed[call.id, index] = spec_of(one)
    return True
