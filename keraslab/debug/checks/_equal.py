"""Results that are joined though they are bound to be equal: one layer where several were meant."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import keras

from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug._tried import with_code
from keraslab.debug.checks._calls import constants, is_keras, is_layer, is_merge
from keraslab.debug.checks._code import made
from keraslab.debug.checks._loops import is_first_turn
from keraslab.debug.checks._repeatable import is_repeatable
from keraslab.graph import Call, Edge

_JOINING = ("Add", "Subtract", "Average", "Maximum", "Minimum", "Concatenate", "Stack")
_PLAIN = (int, float, str, bool, type(None), slice)

Tensor = tuple[str, int]
"""A call and which of its outputs."""


@silent_rule("KL473", "same-result-twice", "warning")
def same_result_twice(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A layer called again on the same tensor, and the equal results joined, or both given out."""
    graph = subject.graph
    if not _may_repeat(subject):
        return
    numbers = _numbers(subject)
    told: set[str] = set()
    for call in graph.calls:
        if not is_merge(call, *_JOINING):
            continue
        taken = [_tensor(edge) for edge in subject.edges_into[call.id]]
        if call.type in ("Add", "Average"):
            taken += _terms(subject, call)
        pairs = [
            (one, other)
            for one, other in combinations(dict.fromkeys(taken), 2)
            if numbers[one] == numbers[other]
        ]
        if call.type in ("Add", "Average"):
            pairs += _scaled_pairs(subject, taken, numbers)
        for pair in pairs:
            origin = _origin(subject, pair)
            if origin is None or origin.layer in told or _counts_double(origin, call):
                continue
            same = [tensor for tensor in numbers if numbers[tensor] == numbers[pair[0]]]
            if is_first_turn(subject, call, same.__contains__):
                continue
            told.add(origin.layer)
            yield _finding(rule, subject, origin, f"are joined by {call.name!r}", call)
    given = dict.fromkeys((port.call, port.index) for port in graph.outputs)
    for pair in combinations(given, 2):
        origin = _origin(subject, pair) if numbers[pair[0]] == numbers[pair[1]] else None
        if origin is not None and origin.layer not in told:
            told.add(origin.layer)
            yield _finding(rule, subject, origin, f"are outputs of {graph.name!r}", None)


def _finding(rule: Rule, subject: Subject, origin: Call, what: str, join: Call | None) -> Finding:
    graph = subject.graph
    alike = [
        call
        for call in graph.calls
        if call.layer == origin.layer
        and ("/" in call.id or subject.calls_before(call.id) == subject.calls_before(origin.id))
    ]
    name, times = _part(subject, origin), max(len(alike), 2)
    before = subject.calls_before(origin.id)
    source = before[0].name if before else name
    if origin.weights:
        cause = f"{name!r} is made once and called {times} times on the same tensor."
    else:
        cause = f"{name!r} repeats what another {origin.type} does with the same tensor."
    again = f"{times} calls of {name!r} on" if origin.weights else f"{name!r} and its like on"
    code = made(origin.operation) if origin.weights and "/" not in origin.id else None
    written = f"parts = [{code} for _ in range({times})]"
    fixes = (
        with_code(
            subject,
            Fix(
                "make a layer for each",
                written,
                origin.outputs[0].text,
                origin.params * (times - 1),
            ),
            {"x": list(origin.inputs)},
            at=origin,
            run=f"{written}\nx = [part(*x) for part in parts][0]",
        )
        if code is not None and len(origin.inputs) == 1
        else ()
    )
    return rule.finding(
        f"The results of {again} what {source!r} gives {what}, but they are always equal: "
        f"{'several layers with weights of their own were' if origin.weights else 'another was'} "
        "probably meant.",
        calls=(*([join.id] if join is not None else []), *[call.id for call in alike]),
        cause=Cause(name, cause, origin.id),
        fixes=fixes,
        graph=graph,
    )


def _tensor(edge: Edge) -> Tensor:
    return edge.source, edge.source_index


def _is_pooling(call: Call) -> bool:
    return is_layer(call, "BaseGlobalPooling", "BasePooling")


def _counts_double(origin: Call, join: Call) -> bool:
    """Whether a pooling that leaves the size as it is is added to itself, to count double.

    A cell that was searched for by a machine, as those of NASNet were, takes the sum of two of
    its operations, which may be the same average of neighbours.
    """
    keeps_size = origin.inputs[:1] == origin.outputs[:1]
    return join.type == "Add" and not origin.weights and _is_pooling(origin) and keeps_size


def _may_repeat(subject: Subject) -> bool:
    """Whether a layer with weights is called again, or a pooling stands beside another."""
    calls = subject.graph.calls
    if any(call.shared and call.weights for call in calls):
        return True
    return sum(_is_pooling(call) for call in calls) > 1


def _numbers(subject: Subject) -> dict[Tensor, int]:
    """A number for each tensor; two tensors have the same only where their values are equal."""
    known: dict[object, int] = {}
    numbers: dict[Tensor, int] = {}
    for call in subject.graph.calls:
        edges = subject.edges_into[call.id]
        own = _own(call)
        takes = tuple([(numbers[_tensor(edge)], edge.target_index, edge.key) for edge in edges])
        key: object = ("only", call.id) if own is None or not edges else (own, takes)
        number = known.setdefault(key, len(known))
        for index in range(max(len(call.outputs), 1)):
            numbers[call.id, index] = known.setdefault(("output", number, index), len(known))
    return numbers


def _own(call: Call) -> object | None:
    """What a call does to its tensors, to be compared; None where it may be like no other."""
    if call.kind == "input" or (call.weights and not call.shared) or not is_repeatable(call):
        return None
    positional, named = constants(call)
    others = [each for each in (*positional, *named.values()) if not _is_plain(each)]
    if call.kind == "operation":
        # An array may be what a layer drew when its calls were recorded, a weight never is.
        if not all(isinstance(each, keras.Variable) for each in others):
            return None
        return call.type, call.arguments, tuple(map(id, others))
    if call.weights or (call.kind == "layer" and call.shared):
        return call.layer, call.arguments, repr(named.get("training"))
    if not is_keras(call):
        return None
    config = sorted((k, repr(v)) for k, v in call.config.items() if k != "name")
    function = getattr(call.operation, "activation", None)
    return call.type, tuple(config), call.arguments, id(function)


def _is_plain(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return isinstance(value, _PLAIN) or type(value).__name__ == "KerasTensor"


def _origin(subject: Subject, pair: tuple[Tensor, Tensor]) -> Call | None:
    """Where two equal tensors part: the call that was made again on the same tensors.

    None where no layer with weights and no pooling was called again: a tensor is copied on
    purpose by what only brings it into another form.
    """
    one, other = pair
    found: Call | None = None
    while one != other:
        if one[0] == other[0]:
            return None
        call = subject.graph.call_by_id[one[0]]
        if call.weights or (found is None and _is_pooling(call)):
            found = call
        sides = [map(_tensor, subject.edges_into[each]) for each in (one[0], other[0])]
        apart = [(a, b) for a, b in zip(*sides, strict=True) if a != b]
        if not apart:
            return found
        one, other = apart[0]
    return found


def _scaled_pairs(
    subject: Subject, terms: list[Tensor], numbers: dict[Tensor, int]
) -> list[tuple[Tensor, Tensor]]:
    """The equal tensors in two terms of a sum, each times a weight of its own."""
    factors = [_factors(subject, term) for term in dict.fromkeys(terms)]
    return [
        (one, other)
        for first, second in combinations(factors, 2)
        for one in first
        for other in second
        if one[0] != other[0] and numbers[one] == numbers[other] and len(first) == len(second) == 2
    ]


def _terms(subject: Subject, call: Call) -> list[Tensor]:
    found: list[Tensor] = []
    waiting = [_tensor(edge) for edge in subject.edges_into[call.id]]
    while waiting:
        tensor = waiting.pop()
        maker = subject.graph.call_by_id[tensor[0]]
        given = constants(maker)[0]
        # sum() starts with 0 + x; another constant makes another value.
        bare = len(subject.edges_into[maker.id]) > 1 or any(_is_zero(each) for each in given)
        if is_merge(maker, "Add") and bare and subject.only_after(maker.id) is not None:
            waiting += [_tensor(edge) for edge in subject.edges_into[maker.id]]
        else:
            found.append(tensor)
    return found


def _is_zero(value: object) -> bool:
    return isinstance(value, (int, float)) and value == 0


def _factors(subject: Subject, term: Tensor) -> list[Tensor]:
    maker = subject.graph.call_by_id[term[0]]
    if not is_merge(maker, "Multiply"):
        return []
    return [_tensor(edge) for edge in subject.edges_into[maker.id]]


def _part(subject: Subject, call: Call) -> str:
    """The layer, or the outermost model around it that is called more than once."""
    name, group = call.name, call.group
    while group is not None:
        around = subject.graph.group_by_id[group]
        if around.kind == "model" and around.count > 1:
            name = around.label
        group = around.parent
    return name
