"""Weights that should be shared and are not, and weights shared by accident."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from keraslab.debug._copied import Instead, Spot, lines, on_a_copy
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug._tried import with_code
from keraslab.debug.checks._calls import (
    NORMS,
    constants,
    is_layer,
    is_merge,
    listed,
    models_around,
    values,
)
from keraslab.graph import Call, Graph

# Words that say which of two it is, and not what.
_ROLES = frozenset({
    "a", "b", "c", "x", "y", "left", "right", "first", "second", "one", "two", "anchor",
    "positive", "negative", "before", "after", "start", "end", "in", "input", "inputs",
    "branch", "tower",
})  # fmt: skip


@silent_rule("KL471", "towers-not-shared", "warning")
def towers_not_shared(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Two equal towers with weights of their own, whose results are compared."""
    graph = subject.graph
    told: set[frozenset[str]] = set()
    for call in graph.calls:
        pair = _compared(subject, call)
        if pair is None:
            continue
        sides = [_tower(subject, source) for source in pair]
        if sides[0] & sides[1] or not _alike(subject, pair[0], pair[1], {}):
            continue
        inputs = [[c for c in graph.calls if c.id in side and c.kind == "input"] for side in sides]
        if any(len(side) != 1 for side in inputs):
            continue
        left, right = inputs[0][0], inputs[1][0]
        if left.outputs != right.outputs or (_is_product(call) and not _one_kind(left, right)):
            continue
        layers = [_learned(graph, side) for side in sides]
        alone = [[c for c in these if c.layer not in {o.layer for o in those}]
                 for these, those in (layers, layers[::-1])]  # fmt: skip
        if not alone[0] or not alone[1]:
            continue
        key = frozenset(c.layer for c in (*alone[0], *alone[1]))
        if key in told:
            continue
        told.add(key)
        names = [c.name for c in alone[0]], [c.name for c in alone[1]]
        yield rule.finding(
            f"{call.name!r} compares {_said(graph, pair[0])} with {_said(graph, pair[1])}, made by "
            f"two towers that are built alike but share no weights ({listed(names[0], 2)} against "
            f"{listed(names[1], 2)}): the same data in both inputs gives two different vectors.",
            calls=(call.id, *[c.id for c in (*alone[0], *alone[1])]),
            cause=Cause(
                names[1][0],
                f"{names[1][0]!r} is a second layer like {names[0][0]!r}; to share its weights, "
                f"{names[0][0]!r} must be called twice.",
                alone[1][0].id,
            ),
            fixes=_shared_tower(rule, subject, left, right, pair),
            graph=graph,
        )


def _compared(subject: Subject, call: Call) -> tuple[str, str] | None:
    """The two calls whose results a call sets against each other; None where it does not."""
    taken = [edge.source for edge in subject.edges_into[call.id]]
    if len(taken) != 2 or taken[0] == taken[1] or not _may_compare(subject, call):
        return None
    specs = call.inputs
    if specs[0].shape != specs[1].shape:
        return None
    sources = taken
    if call.type == "Subtract":
        # |a - b| may be written as the larger less the smaller.
        makers = [subject.graph.call_by_id[source] for source in taken]
        if {m.type for m in makers} == {"Maximum", "Minimum"}:
            inner = [[e.source for e in subject.edges_into[m.id]] for m in makers]
            if set(inner[0]) == set(inner[1]) and len(set(inner[0])) == 2:
                sources = inner[0]
    return sources[0], sources[1]


def _may_compare(subject: Subject, call: Call) -> bool:
    if is_merge(call, "Subtract", "Dot", "Matmul", "Einsum"):
        # Products of steps with steps are attention, not a comparison of two vectors.
        return call.type == "Subtract" or values(call.outputs[0].shape) == 1
    if is_merge(call, "Multiply"):
        # The sum of the products is the dot product.
        after = subject.only_after(call.id)
        return after is not None and after.type == "Sum" and values(after.outputs[0].shape) == 1
    if is_layer(call, "Lambda"):
        function = getattr(call.operation, "function", None)
        words = f"{getattr(function, '__name__', '')} {call.name}".lower()
        asked = ("dist", "euclid", "cosine", "simil", "diff", "manhattan", "l1_", "l2_")
        return any(word in words for word in asked)
    return False


def _is_product(call: Call) -> bool:
    return call.type in ("Dot", "Matmul", "Einsum", "Multiply")


def _one_kind(left: Call, right: Call) -> bool:
    """Whether two inputs hold the same kind of thing, as far as their names tell.

    A query and a document, or a user and a film, may well be read by towers of their own.
    """
    words = []
    for call in (left, right):
        if (
            call.outputs[0].dtype.startswith(("int", "string"))
            and values(call.outputs[0].shape) == 1
        ):
            return False
        plain = "".join(c if c.isalpha() else " " for c in call.name.lower()).split()
        words.append(set(plain))
    return words[0] - _ROLES == words[1] - _ROLES


def _tower(subject: Subject, source: str) -> frozenset[str]:
    return subject.all_before(source) | {source}


def _learned(graph: Graph, ids: frozenset[str]) -> list[Call]:
    return [call for call in graph.calls if call.id in ids and call.weights]


def _alike(subject: Subject, a: str, b: str, known: dict[tuple[str, str], bool]) -> bool:
    """Whether all that leads to two calls is built alike, names apart."""
    key = (a, b)
    if key not in known:
        known[key] = True
        one, other = subject.graph.call_by_id[a], subject.graph.call_by_id[b]
        before = [
            [(e.source, e.source_index) for e in subject.edges_into[c.id]] for c in (one, other)
        ]
        known[key] = (
            one.type == other.type
            and one.outputs == other.outputs
            and len(before[0]) == len(before[1])
            and [w.shape for w in one.weights] == [w.shape for w in other.weights]
            and (
                one.layer == other.layer
                or one.kind == "input"
                or _settings(one) == _settings(other)
            )
            and all(
                x[1] == y[1] and _alike(subject, x[0], y[0], known)
                for x, y in zip(*before, strict=True)
            )
        )
    return known[key]


def _settings(call: Call) -> dict[str, Any]:
    return {k: v for k, v in call.config.items() if k not in ("name", "trainable")} | {
        "given": call.arguments
    }


def _said(graph: Graph, call_id: str) -> str:
    call = graph.call_by_id[call_id]
    return f"{call.name!r} ({call.outputs[0].text})"


def _shared_tower(
    rule: Rule, subject: Subject, left: Call, right: Call, pair: tuple[str, str]
) -> tuple[Fix, ...]:
    graph = subject.graph
    given = graph.call_by_id[pair[0]].outputs[0]
    shape = left.outputs[0].shape[1:]
    title = "make one tower and call it twice"
    a, b = _word(left, "a"), _word(right, "b")
    called = f"encoded_a, encoded_b = encoder({a}), encoder({b})"
    chain = _chain(subject, pair[0], left.id)
    if chain is None:
        code = (
            f"shared_in = keras.Input({shape!r})\n"
            "shared_out = ...  # the layers of one tower, once\n"
            'encoder = keras.Model(shared_in, shared_out, name="encoder")\n'
        )
        # What stands in the tower is left to its author, so that this stays untried.
        return (Fix(title, f"{code}{called}", given.text, 0),)
    rows = "".join(f"    {row},\n" for row in chain)
    code = f"encoder = keras.Sequential([\n{rows}])\n{called}"
    made: dict[str, Any] = {}

    def side(number: int) -> Instead:
        def run(spot: Spot) -> Any:
            if not made:
                both = lines(code, ("encoded_a", "encoded_b"), lambda s: _ends(s, left, right))
                made.update(zip("01", both(spot), strict=True))
            return made[str(number)]

        return run

    changes = {source.partition("/")[0]: side(n) for n, source in enumerate(pair)}
    return on_a_copy(rule, subject, Fix(title, code, given.text, 0), changes)


def _ends(spot: Spot, left: Call, right: Call) -> dict[str, Any]:
    """The tensors that both towers begin with, under their names in the code."""
    return {_word(left, "a"): spot.made[left.id], _word(right, "b"): spot.made[right.id]}


def _word(call: Call, other: str) -> str:
    return call.name if call.name.isidentifier() else other


def _chain(subject: Subject, last: str, first: str) -> list[str] | None:
    """The layers from an input to a call as code, where they follow one another."""
    from keraslab.debug.checks._code import made

    rows: list[str] = []
    call = subject.graph.call_by_id[last]
    while call.id != first:
        before = subject.calls_before(call.id)
        if call.kind != "layer" or len(before) != 1 or ("/" in call.layer and not call.config):
            return None
        code = made(call.operation)
        if code is None:
            return None
        rows.append(code)
        call = before[0]
    return rows[::-1]


@silent_rule("KL472", "shared-by-accident", "warning")
def shared_by_accident(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """One layer with weights applied again to what came of it: made before a loop, say."""
    graph = subject.graph
    layers: dict[str, list[Call]] = {}
    for call in graph.calls:
        if call.shared and call.weights and call.kind == "layer":
            layers.setdefault(call.layer, []).append(call)
    for calls in layers.values():
        found = _again(subject, calls)
        if found is None:
            continue
        first, _ = found
        name, kind = first.name, first.type
        times = len(calls)
        more = " " if times == 2 else f" ({times} calls in all) "
        yield rule.finding(
            f"{kind} {name!r} is applied again{more}to what came of its own result: both places "
            "share one set of weights, where each layer of a chain was probably to have its own.",
            calls=tuple(c.id for c in calls),
            cause=Cause(
                name, f"{name!r} is made once and called {times} times along the chain.", first.id
            ),
            fixes=_own_layers(subject, first),
            graph=graph,
        )


def _own_layers(subject: Subject, call: Call) -> tuple[Fix, ...]:
    from keraslab.debug.checks._code import made

    code = made(call.operation)
    if code is None:
        return ()
    fix = Fix("make a layer at each place", f"x = {code}(x)", call.outputs[0].text, call.params)
    return with_code(subject, fix, {"x": call.inputs[0]}, at=call)


def _again(subject: Subject, calls: list[Call]) -> tuple[Call, Call] | None:
    """Two calls of a layer of which the later takes what came of the earlier, by accident."""
    first = calls[0]
    norm = is_layer(first, *NORMS)
    if not norm and not is_layer(
        first, "Dense", "EinsumDense", "BaseConv", "BaseSeparableConv", "BaseConvTranspose", "PReLU"
    ):
        return None
    if _called_as_model(subject.graph, calls) or any(len(constants(c)[1]) > 1 for c in calls):
        return None
    for earlier, later in itertools.pairwise(calls):
        between = _between(subject, earlier, later, norm)
        if between is None:
            continue
        # Where all that lies between is called again too, the whole is meant to repeat.
        learned = [c for c in between if c.weights]
        if len(learned) > 0 and all(c.shared for c in learned):
            continue
        return earlier, later
    return None


def _called_as_model(graph: Graph, calls: list[Call]) -> bool:
    """Whether the layer is part of a model or block that is called as a whole."""
    if any(models_around(graph, call) for call in calls):
        return True
    groups = [graph.group_by_id[c.group] for c in calls if c.group is not None]
    return any(group.kind == "block" and group.count > 1 for group in groups)


def _between(
    subject: Subject, earlier: Call, later: Call, through_merges: bool
) -> list[Call] | None:
    """The calls from one to the other; None where no way leads there that counts."""
    if through_merges or _is_activation_with_weights(earlier):
        if earlier.id not in subject.all_before(later.id):
            return None
        between = subject.all_before(later.id) & subject.all_after(earlier.id)
        return [c for c in subject.graph.calls if c.id in between]
    found: list[Call] = []
    call = later
    while True:
        before = subject.calls_before(call.id)
        if len(before) != 1 or len(subject.edges_into[call.id]) != 1:
            return None
        call = before[0]
        if call.id == earlier.id:
            return found
        found.append(call)


def _is_activation_with_weights(call: Call) -> bool:
    return is_layer(call, "PReLU")
