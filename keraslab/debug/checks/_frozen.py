"""Weights that training does not reach, and normalisation in the wrong mode."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from keraslab.debug._copied import lines, on_a_copy
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug._tried import with_trainable
from keraslab.debug.checks._calls import (
    IDLE,
    before,
    is_activation,
    is_layer,
    listed,
    models_around,
    operations,
    own_activation,
)
from keraslab.debug.checks._modes import told_mode
from keraslab.graph import Call, Graph, keras_internals


@silent_rule("KL851", "nothing-trains", "error")
def nothing_trains(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A compiled model without one weight that training changes."""
    model, graph = subject.keras_model, subject.graph
    if model is None or not _is_compiled(subject) or not graph.params or graph.trainable_params:
        return
    if all(_never_trains(operation) for operation, call in operations(graph) if call.weights):
        return
    last = _last_learned(subject)
    heads = _learned_heads(subject)
    if not model.trainable:
        cause = f"{model.name}.trainable is False, which freezes every layer in it, head included."
    else:
        cause = "Every layer with weights has trainable=False."
    frozen = [layer.name for layer in model.layers if isinstance(layer, keras.Model)]
    whole = Fix("let it train, then compile again", "model.trainable = True")
    base = f"{frozen[0]}/" if frozen else None
    every = {c.layer: base is None or not c.layer.startswith(base) for c in _weighted(graph)}
    fixes: tuple[Fix, ...] = ()
    if frozen:
        code = f"{whole.code}\n{_word(frozen[0])}.trainable = False  # the base alone"
        whole = Fix("freeze the base alone, then compile again", code)
        cause += (
            ""
            if not heads
            else f" {frozen[0]!r} may stay so; what is new after it has yet to learn."
        )
    elif model.trainable and 0 < len(heads) < len({c.layer for c in _weighted(graph)}):
        code = "\n".join(f'model.get_layer("{head.name}").trainable = True' for head in heads)
        title = f"let {listed([head.name for head in heads])} train, then compile again"
        only = {c.layer: c.layer in {h.layer for h in heads} for c in _weighted(graph)}
        fixes = with_trainable(rule, subject, Fix(title, code), only)
        whole = Fix(f"or {whole.title}", whole.code)
    included = f", {listed([head.name for head in heads])} included" if heads else ""
    yield rule.finding(
        f"{model.name!r} is frozen as a whole{included}: none of its {graph.params:,} weights "
        "will change in training.",
        calls=() if last is None else (last.id,),
        cause=Cause(model.name, cause),
        fixes=(*fixes, *with_trainable(rule, subject, whole, every)),
        graph=graph,
    )


def _learned_heads(subject: Subject) -> list[Call]:
    """The last layers with weights before the outputs, where they are the model's own."""
    found: dict[str, Call] = {}
    for port in subject.graph.outputs:
        last = _learned_before(subject, port.call)
        if last is not None and "/" not in last.id:
            found[last.layer] = last
    return list(found.values())


@silent_rule("KL852", "frozen-head", "warning")
def frozen_head(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """The last layer with weights stays as it was made, while layers before it train."""
    graph = subject.graph
    if not graph.trainable_params or subject.keras_model is None:
        return
    told: set[str] = set()
    for port in graph.outputs:
        last = _learned_before(subject, port.call)
        if last is None or last.layer in told or not _is_frozen(last) or "/" in last.id:
            continue
        if not is_layer(last, "Dense", "EinsumDense", "BaseConv", "BaseConvTranspose"):
            continue
        earlier = [c for c in graph.calls if c.id in subject.all_before(last.id)]
        if any(c.layer == last.layer for c in earlier):
            continue
        training = [c for c in earlier if any(w.trainable for w in c.weights)]
        if not training:
            continue
        told.add(last.layer)
        name = last.name
        yield rule.finding(
            f"The head {name!r} ({last.outputs[0].text}) is frozen while {training[-1].name!r} "
            "before it trains: the layer that should learn the task keeps its random weights.",
            calls=(last.id,),
            cause=Cause(name, f"{name!r} has trainable=False.", last.id),
            fixes=with_trainable(
                rule,
                subject,
                Fix(
                    "let the head train, then compile again",
                    f'model.get_layer("{name}").trainable = True',
                ),
                {last.layer: True},
            ),
            graph=graph,
        )


@silent_rule("KL853", "frozen-wrong-end", "warning")
def frozen_wrong_end(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """In a base that is frozen in part, the first layers train and the last ones do not."""
    graph = subject.graph
    scopes: dict[str, list[Call]] = {}
    for call in graph.calls:
        if call.weights and not is_layer(call, "BatchNormalization", "Embedding"):
            around = models_around(graph, call)
            scopes.setdefault(around[-1] if around else "", []).append(call)
    for scope, calls in scopes.items():
        frozen = [_is_frozen(call) for call in calls]
        if len(calls) < 4 or all(frozen) or not any(frozen) or scope == "":
            continue
        turn = frozen.index(True)
        if turn == 0 or not all(frozen[turn:]):
            continue
        name = graph.group_by_id[scope].label
        yield rule.finding(
            f"In {name!r} the first {turn} layers train and the last {len(calls) - turn} are "
            "frozen: fine-tuning is the other way round, since the first layers find what all "
            "pictures share.",
            calls=tuple(call.id for call in calls[turn:]),
            cause=Cause(calls[turn].name, f"From {calls[turn].name!r} on all is frozen."),
            fixes=_turned(rule, subject, scope, calls[turn]),
            graph=graph,
        )


def _turned(rule: Rule, subject: Subject, scope: str, first: Call) -> tuple[Fix, ...]:
    """As many layers at the end of a base train as trained at its start."""
    label = subject.graph.group_by_id[scope].label
    parts = keras_internals.parts_of(subject.model) if subject.keras_model is not None else []
    bases = [part for part in parts if isinstance(part, keras.Model) and part.name == label]
    if len(bases) != 1:
        return ()
    learned = [layer for layer in bases[0].layers if not isinstance(layer, keras.layers.InputLayer)]
    depth = scope.count("/") + 1
    names, within = [layer.name for layer in learned], first.layer.split("/")[depth]
    number = names.index(within) if within in names else 0
    if not number:
        return ()
    fix = Fix(
        "freeze the first layers",
        f"for layer in {_word(label)}.layers[:-{number}]:\n    layer.trainable = False\n"
        f"for layer in {_word(label)}.layers[-{number}:]:\n    layer.trainable = True",
    )
    last = set(names[-number:])
    inside = [call for call in subject.graph.calls_inside[scope] if call.weights]
    trains = {call.layer: call.layer.split("/")[depth] in last for call in inside}
    return with_trainable(rule, subject, fix, trains)


@silent_rule("KL854", "batch-norm-in-frozen-base", "warning")
def norm_in_frozen_base(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A base is frozen but for its batch normalisation, whose statistics go on changing."""
    graph = subject.graph
    scopes: dict[str, list[Call]] = {}
    for call in graph.calls:
        around = models_around(graph, call)
        if call.weights and around:
            scopes.setdefault(around[-1], []).append(call)
    for scope, calls in scopes.items():
        norms = [c for c in calls if is_layer(c, "BatchNormalization")]
        others = [c for c in calls if not is_layer(c, "BatchNormalization")]
        moving = [c for c in norms if not _is_frozen(c)]
        if not moving or not others or not all(map(_is_frozen, others)):
            continue
        if all(told_mode(subject, c)[0] is False for c in moving):
            continue
        name = graph.group_by_id[scope].label
        yield rule.finding(
            f"{name!r} is frozen, but {len(moving)} of its batch normalisations still train: each "
            "batch moves their statistics away from what the frozen layers were trained with.",
            calls=tuple(c.id for c in moving),
            cause=Cause(moving[0].name, f"{moving[0].name!r} has trainable=True.", moving[0].id),
            fixes=_whole_base(rule, subject, scope),
            graph=graph,
        )


def _whole_base(rule: Rule, subject: Subject, scope: str) -> tuple[Fix, ...]:
    base = _word(subject.graph.group_by_id[scope].label)
    frozen = Fix("freeze the base with all in it", f"{base}.trainable = False")
    inside = [call for call in subject.graph.calls_inside[scope] if call.weights]
    fixes = with_trainable(rule, subject, frozen, {call.layer: False for call in inside})
    mode = Fix("or run it in inference mode", f"features = {base}(inputs, training=False)")
    if "/" in scope:
        return (*fixes, mode)
    called = lines(mode.code, "features", lambda s: {base: s.layer, "inputs": s.args[0]})
    return (*fixes, *on_a_copy(rule, subject, mode, {scope: called}))


@silent_rule("KL856", "norm-on-logits", "warning")
def norm_on_logits(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Batch normalisation between the last layer of a classifier and its softmax."""
    graph = subject.graph
    for port in graph.outputs:
        call: Call | None = graph.call_by_id[port.call]
        if call is None or not is_activation(call):
            continue
        named = own_activation(call) if call.kind == "layer" else call.type.lower()
        named = "softmax" if is_layer(call, "Softmax") else named
        if named not in ("softmax", "sigmoid"):
            continue
        last = call
        call = before(subject, call)
        while call is not None and is_layer(call, *IDLE):
            call = before(subject, call)
        if call is None or not is_layer(call, "BatchNormalization"):
            continue
        head = before(subject, call)
        if head is None or not is_layer(head, "Dense") or len(call.outputs[0].shape) != 2:
            continue
        yield rule.finding(
            f"{call.name!r} normalises the class scores of {head.name!r} just before "
            f"{named}: how sure the model is of a sample then depends on the batch.",
            calls=(call.id,),
            cause=Cause(call.name, f"{call.name!r} stands after the last layer.", call.id),
            fixes=_without_norm(rule, subject, head, last, named),
            graph=graph,
        )


def _without_norm(
    rule: Rule, subject: Subject, head: Call, last: Call, named: str
) -> tuple[Fix, ...]:
    word = _word(head.name)
    code = f'outputs = keras.layers.Activation("{named}")({word})'
    fix = Fix("leave it out there", code, head.outputs[0].text, 0)
    if "/" in head.id or "/" in last.id:
        return (fix,)
    made = lines(code, "outputs", lambda s: {word: s.made[head.id]})
    return on_a_copy(rule, subject, fix, {last.id: made})


def _weighted(graph: Graph) -> list[Call]:
    return [call for call in graph.calls if call.weights]


def _is_compiled(subject: Subject) -> bool:
    model = subject.keras_model
    return bool(getattr(model, "compiled", False)) and any(h.loss for h in subject.heads)


def _never_trains(operation: Any) -> bool:
    """Whether a layer has weights by its nature that no training changes."""
    kinds = (keras.layers.Normalization, keras.layers.TextVectorization)
    return isinstance(operation, kinds) or bool(getattr(operation, "trainable", False))


def _is_frozen(call: Call) -> bool:
    return bool(call.weights) and not any(weight.trainable for weight in call.weights)


def _last_learned(subject: Subject) -> Call | None:
    return next((call for call in reversed(subject.graph.calls) if call.weights), None)


def _learned_before(subject: Subject, call_id: str) -> Call | None:
    """The last call with weights before an output, along a chain."""
    call: Call | None = subject.graph.call_by_id[call_id]
    while call is not None and (not call.weights or is_layer(call, "BatchNormalization")):
        call = before(subject, call)
    return call


def _word(name: str) -> str:
    return name if name.isidentifier() else "layer"
