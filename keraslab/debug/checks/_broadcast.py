"""Shapes that fit by broadcasting and should not have."""

from __future__ import annotations

from collections.abc import Iterator

from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug._tried import with_code, with_settings
from keraslab.debug.checks._calls import is_activation, is_keras, is_layer, is_merge
from keraslab.debug.checks._gates import gate_of, weighs_across
from keraslab.debug.checks._samples import samples_of
from keraslab.graph import Call, TensorSpec

_MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Divide", "TrueDivide")
_SUMS = ("Add", "Subtract")
_DOES = {"Add": "adds", "Subtract": "subtracts", "Multiply": "multiplies"}
_ON_PURPOSE = frozenset({
    "ExpandDims", "Reshape", "GetItem", "RepeatVector", "Transpose", "Swapaxes", "Moveaxis",
    "Permute", "BroadcastTo",
})  # fmt: skip


@silent_rule("KL251", "vector-over-batch", "error")
def vector_over_batch(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Tensors of other ranks set against each other, a batch axis against another axis."""
    graph = subject.graph
    places = None
    for call in graph.calls:
        if not is_merge(call, *_MERGES) or call.kind != "operation" or len(call.inputs) != 2:
            continue
        shapes = [spec.shape for spec in call.inputs]
        if len(shapes[0]) == len(shapes[1]):
            continue
        low, high = sorted((0, 1), key=lambda side: len(shapes[side]))
        edges = subject.edges_into[call.id]
        places = samples_of(subject) if places is None else places
        small, large = places[edges[low].source], places[edges[high].source]
        if not (small.known and large.known) or small.axis is None or large.axis != 0:
            continue
        gap = len(shapes[high]) - len(shapes[low])
        axis = small.axis + gap
        maker, other = (graph.call_by_id[edges[side].source] for side in (low, high))
        yield rule.finding(
            f"{call.name!r} sets {maker.name!r} ({call.inputs[low].text}) against {other.name!r} "
            f"({call.inputs[high].text}): shapes are lined up from the right, so that the batch of "
            f"the one meets axis {axis} of the other, and samples are mixed.",
            calls=(call.id, maker.id),
            cause=Cause(
                maker.name,
                f"{maker.name!r} has {gap} {'axis' if gap == 1 else 'axes'} less.",
                maker.id,
            ),
            fixes=_lifted(subject, call, call.inputs[low], call.inputs[high], maker),
            graph=graph,
        )


def _lifted(
    subject: Subject, call: Call, small: TensorSpec, large: TensorSpec, maker: Call
) -> tuple[Fix, ...]:
    """Give the smaller tensor the axes it lacks, between the samples and its own."""
    name = maker.name if maker.name.isidentifier() else "vector"
    gap = len(large.shape) - len(small.shape)
    if len(small.shape) == 1:
        lifted: tuple[int | None, ...] = (*small.shape, *[1] * gap)
        code = f"{name} = keras.ops.reshape({name}, {(-1, *[1] * gap)!r})"
    else:
        lifted = (small.shape[0], *[1] * gap, *small.shape[1:])
        if None in small.shape[1:]:
            return ()
        code = f"{name} = keras.layers.Reshape({lifted[1:]!r})({name})"
    for one, other in zip(lifted[1:], large.shape[1:], strict=True):
        if one not in (1, other):
            return ()
    spec = TensorSpec(lifted, small.dtype)
    fix = Fix(f"make it {spec.text} first", code, large.text, 0)
    return with_code(subject, fix, {name: small}, at=maker, into=call, result=name)


@silent_rule("KL252", "outer-broadcast", "warning")
def outer_broadcast(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A sum or product of two tensors that grows beyond both, each along an axis of the other."""
    graph = subject.graph
    for call in graph.calls:
        if not is_merge(call, *_SUMS, "Multiply") or len(call.inputs) != 2 or not call.outputs:
            continue
        one, other = (spec.shape for spec in call.inputs)
        if len(one) != len(other) or len(one) < 3:
            continue
        given = call.outputs[0].shape
        grown = [i for i in range(1, len(given)) if one[i] == 1 and other[i] != 1]
        back = [i for i in range(1, len(given)) if other[i] == 1 and one[i] != 1]
        if not grown or not back:
            continue
        makers = [graph.call_by_id[edge.source] for edge in subject.edges_into[call.id]]
        if call.type == "Multiply":
            if not weighs_across(subject, call):
                continue
            if gate_of(subject, makers[0]) is not None:
                makers.reverse()
        elif _is_gate(subject, call) or any(_on_purpose(subject, maker) for maker in makers):
            continue
        told = [maker.outputs[0].text for maker in makers]
        yield rule.finding(
            f"{call.name!r} {_DOES[call.type]} {makers[0].name!r} "
            f"({told[0]}) and {makers[1].name!r} ({told[1]}), which differ "
            f"in shape: every value meets every other, and {call.outputs[0].text} comes out.",
            calls=(call.id, makers[0].id, makers[1].id),
            cause=Cause(
                makers[1].name,
                f"{makers[1].name!r} was to have the shape of {makers[0].name!r}.",
                makers[1].id,
            ),
            fixes=_reshaped(subject, call, makers[0].outputs[0], makers[1]),
            graph=graph,
        )


def _reshaped(subject: Subject, call: Call, wanted: TensorSpec, maker: Call) -> tuple[Fix, ...]:
    one, other = wanted.shape[1:], maker.outputs[0].shape[1:]
    if None in one or None in other or sorted(map(str, one)) != sorted(map(str, other)):
        return ()
    name = maker.name if maker.name.isidentifier() else "x"
    code = f"{name} = keras.layers.Reshape({one!r})({name})"
    fix = Fix("give both one shape", code, wanted.text, 0)
    return with_code(subject, fix, {name: maker.outputs[0]}, at=maker, into=call, result=name)


def _is_gate(subject: Subject, call: Call) -> bool:
    """Attention adds maps of channels and of places, and scores of all pairs, on purpose."""
    after = subject.calls_after(call.id)
    return any(is_activation(each) for each in after)


def _on_purpose(subject: Subject, maker: Call) -> bool:
    if maker.type in _ON_PURPOSE or not is_keras(maker):
        return True
    kept = bool(getattr(maker.operation, "keepdims", False))
    return kept or (
        maker.kind == "operation"
        and any(before.type in _ON_PURPOSE for before in subject.calls_before(maker.id))
    )


@silent_rule("KL253", "one-channel-residual", "warning")
def one_channel_residual(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A shortcut whose branch has one channel, which is added to all channels alike."""
    graph = subject.graph
    for call in graph.calls:
        if not is_merge(call, "Add") or len(call.inputs) != 2:
            continue
        shapes = [spec.shape for spec in call.inputs]
        if len(shapes[0]) != len(shapes[1]) or len(shapes[0]) < 2:
            continue
        sides = [i for i in (0, 1) if shapes[i][-1] == 1 and (shapes[1 - i][-1] or 0) > 1]
        if len(sides) != 1 or shapes[0][1:-1] != shapes[1][1:-1]:
            continue
        narrow, wide = (subject.edges_into[call.id][i].source for i in (sides[0], 1 - sides[0]))
        maker, shortcut = graph.call_by_id[narrow], graph.call_by_id[wide]
        if wide not in subject.all_before(narrow) or _is_gate(subject, call):
            continue
        if not is_layer(maker, "Dense", "BaseConv", "BaseSeparableConv", "BatchNormalization"):
            continue
        setting = "units" if is_layer(maker, "Dense") else "filters"
        size = shapes[1 - sides[0]][-1]
        yield rule.finding(
            f"{call.name!r} adds {maker.name!r} ({call.inputs[sides[0]].text}) to its own input "
            f"{shortcut.name!r} ({call.inputs[1 - sides[0]].text}): the one channel is added to "
            f"all {size} alike.",
            calls=(call.id, maker.id),
            cause=Cause(maker.name, f"{maker.name!r} gives 1 channel, not {size}.", maker.id),
            fixes=with_settings(
                subject,
                Fix(
                    "give the branch as many channels as the shortcut",
                    f"{setting}={size}",
                    call.outputs[0].text,
                ),
                maker,
                **{setting: size},
            ),
            graph=graph,
        )
