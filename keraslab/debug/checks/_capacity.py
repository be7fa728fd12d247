"""Layers that add no power, and layers that hold nearly all of it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug._tried import with_code, with_settings
from keraslab.debug.checks._calls import (
    CONVOLUTIONS,
    IDLE,
    before,
    is_activation,
    is_layer,
    is_merge,
    next_learned,
    own_activation,
    values,
    width,
)
from keraslab.graph import Call, TensorSpec

_MANY_VALUES = 32_768
_MANY_WEIGHTS = 1_000_000
_NEARLY_ALL = 0.95
_PASSING = IDLE | {"BatchNormalization"}


@silent_rule("KL951", "stacked-linear-layers", "warning")
def stacked_linear(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A Dense layer right after another with no activation between: together they are one."""
    for call, later in _linear_pairs(subject):
        taken, middle, given = _sizes(call, later)
        if middle < min(taken, given):
            continue
        yield rule.finding(
            f"Between {call.name!r} ({call.outputs[0].text}) and {later.name!r} "
            f"({later.outputs[0].text}) there is no activation: together they do what one Dense "
            f"layer does, with {call.params + later.params:,} weights for {(taken + 1) * given:,}.",
            calls=(call.id, later.id),
            cause=Cause(call.name, f"{call.name!r} has no activation.", call.id),
            fixes=with_code(
                subject,
                Fix(
                    f"give {call.name!r} an activation",
                    f'x = keras.layers.Dense({middle}, activation="relu")(x)',
                    call.outputs[0].text,
                    0,
                ),
                {"x": call.inputs[0]},
                at=call,
            ),
            graph=subject.graph,
        )


@silent_rule("KL971", "linear-bottleneck", "style")
def linear_bottleneck(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Two Dense layers with a narrow middle and no activation: a product of low rank."""
    for call, later in _linear_pairs(subject):
        taken, middle, given = _sizes(call, later)
        if middle < min(taken, given):
            yield rule.finding(
                f"{call.name!r} ({call.outputs[0].text}) and {later.name!r} "
                f"({later.outputs[0].text}) have no activation between: together they are one "
                f"linear layer of rank {middle}.",
                calls=(call.id, later.id),
                cause=Cause(call.name, f"{call.name!r} has no activation.", call.id),
                graph=subject.graph,
            )


def _linear_pairs(subject: Subject) -> Iterator[tuple[Call, Call]]:
    told: set[tuple[str, str]] = set()
    for call in subject.graph.calls:
        if not is_layer(call, "Dense") or own_activation(call) != "linear":
            continue
        if None in (call.inputs[0].shape[-1], width(call)):
            continue
        chain = next_learned(subject, call, _PASSING)
        if not chain or not is_layer(chain[-1], "Dense"):
            continue
        later = chain[-1]
        # Models and layers of one's own that end in a linear layer are parts with another use.
        if call.id.rpartition("/")[0] != later.id.rpartition("/")[0]:
            continue
        if (call.layer, later.layer) not in told:
            told.add((call.layer, later.layer))
            yield call, later


def _sizes(call: Call, later: Call) -> tuple[int, int, int]:
    sizes = call.inputs[0].shape[-1], width(call), width(later)
    return sizes[0] or 0, sizes[1] or 0, sizes[2] or 0


@silent_rule("KL952", "flatten-explosion", "warning")
def flatten_explosion(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A large map made flat for a Dense layer, which then holds nearly all weights."""
    for flat, dense in _flattened(subject):
        size, share = flat.outputs[0].shape[-1] or 0, dense.params / max(1, subject.graph.params)
        if size < _MANY_VALUES or dense.params < _MANY_WEIGHTS or share < _NEARLY_ALL:
            continue
        yield _flat_finding(rule, subject, flat, dense)


@silent_rule("KL974", "flatten-heavy", "style")
def flatten_heavy(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A flattened map whose Dense layer holds more weights than all the rest."""
    for flat, dense in _flattened(subject):
        size, share = flat.outputs[0].shape[-1] or 0, dense.params / max(1, subject.graph.params)
        large = size >= _MANY_VALUES and dense.params >= _MANY_WEIGHTS and share >= _NEARLY_ALL
        if not large and share > 0.5 and dense.params >= _MANY_WEIGHTS // 4:
            yield _flat_finding(rule, subject, flat, dense)


def _flat_finding(rule: Rule, subject: Subject, flat: Call, dense: Call) -> Finding:
    share = dense.params / max(1, subject.graph.params)
    percent = f"{math.floor(share * 1000) / 10:g}" if share > 0.99 else f"{share * 100:.0f}"
    return rule.finding(
        f"{flat.name!r} makes {flat.outputs[0].shape[-1]:,} values of {flat.inputs[0].text}, so "
        f"that {dense.name!r} alone holds {dense.params:,} weights, {percent} % of the model's.",
        calls=(flat.id, dense.id),
        cause=Cause(
            flat.name, f"{flat.name!r} keeps every place of {flat.inputs[0].text}.", flat.id
        ),
        fixes=_smaller(subject, flat, dense),
        graph=subject.graph,
    )


def _flattened(subject: Subject) -> Iterator[tuple[Call, Call]]:
    """Each call that makes a map flat, and the Dense layer that takes it."""
    for call in subject.graph.calls:
        if call.type not in ("Flatten", "Reshape") or len(call.inputs) != 1:
            continue
        shape = call.inputs[0].shape
        if len(shape) < 3 or len(call.outputs[0].shape) != 2 or values(shape) is None:
            continue
        if values(shape) != call.outputs[0].shape[-1]:
            continue
        chain = next_learned(subject, call, _PASSING)
        if chain and is_layer(chain[-1], "Dense") and chain[-1].weights:
            yield call, chain[-1]


def _smaller(subject: Subject, flat: Call, dense: Call) -> tuple[Fix, ...]:
    """Poolings in the place of the flattening, with the weights that Dense then has."""
    shape = flat.inputs[0].shape
    rank = len(shape) - 2
    units = width(dense) or 0
    if rank not in (1, 2, 3) or flat.kind != "layer":
        return ()
    channels = shape[-1] or 1
    bias = units if getattr(dense.operation, "use_bias", True) else 0
    fixes = [
        Fix(
            f"average over all places, which leaves {dense.name!r} "
            f"{channels * units + bias:,} weights",
            f"x = keras.layers.GlobalAveragePooling{rank}D()(x)",
            TensorSpec((None, channels), "float32").text,
        )
    ]
    places = [size // 4 for size in shape[1:-1] if size is not None]
    if places and all(places):
        size = math.prod(places) * channels
        fixes.append(
            Fix(
                f"pool first, which leaves {dense.name!r} {size * units + bias:,} weights",
                f"x = keras.layers.MaxPooling{rank}D(4)(x)\nx = keras.layers.Flatten()(x)",
                TensorSpec((None, size), "float32").text,
            )
        )
    given = {"x": flat.inputs[0]}
    return tuple(tried for fix in fixes for tried in with_code(subject, fix, given, at=flat))


@silent_rule("KL953", "width-one-bottleneck", "warning")
def width_one(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A layer that leaves one number of each sample, of which later layers make many again."""
    graph = subject.graph
    inputs = {port.spec.shape[-1:] for port in graph.inputs}
    for call in graph.calls:
        dense = is_layer(call, "Dense")
        if not dense and not is_layer(call, *CONVOLUTIONS):
            continue
        if width(call) != 1 or (call.inputs[0].shape[-1] or 1) < 2:
            continue
        if dense and values(call.outputs[0].shape) != 1:
            continue
        later = _after_activation(subject, call)
        if later is None or (width(later) or 1) < 2:
            continue
        if not (is_layer(later, "Dense") if dense else is_layer(later, *CONVOLUTIONS)):
            continue
        if call.id.rpartition("/")[0] != later.id.rpartition("/")[0] or _is_code(call):
            continue
        # An autoencoder gives what it took, and its code may be one number.
        if {port.spec.shape[-1:] for port in graph.outputs} == inputs:
            continue
        setting = "units" if dense else "filters"
        yield rule.finding(
            f"{call.name!r} leaves one {'number' if dense else 'channel'} "
            f"({call.outputs[0].text}) of what comes before, and {later.name!r} makes "
            f"{width(later)} of it again: everything has to pass through that one.",
            calls=(call.id, later.id),
            cause=Cause(call.name, f"{call.name!r} has {setting}=1.", call.id),
            fixes=with_settings(
                subject,
                Fix(f"make {call.name!r} wider", f"{setting}={width(later)}"),
                call,
                **{setting: width(later)},
            ),
            graph=graph,
        )


def _is_code(call: Call) -> bool:
    words = ("latent", "code", "bottleneck", "embed", "gate", "score", "attention", "z")
    return any(word in call.name.lower().split("_") or word in call.name.lower()
               for word in words[:-1]) or call.name.lower().split("_")[0] == "z"  # fmt: skip


def _after_activation(subject: Subject, call: Call) -> Call | None:
    """The next call with weights along a chain, past activations and the like."""
    step = subject.only_after(call.id)
    while step is not None and len(subject.edges_into[step.id]) == 1:
        if not (is_layer(step, *_PASSING) or is_activation(step)):
            return step
        step = subject.only_after(step.id)
    return None


@silent_rule("KL954", "width-doubles", "warning")
def width_doubles(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Concatenated shortcuts, each of which doubles the channels."""
    graph = subject.graph
    runs: dict[str, list[Call]] = {}
    for call in graph.calls:
        if not is_merge(call, "Concatenate") or len(call.inputs) != 2:
            continue
        sizes = [spec.shape[-1] for spec in call.inputs]
        places = [spec.shape[1:-1] for spec in call.inputs]
        one, other = (edge.source for edge in subject.edges_into[call.id])
        if sizes[0] != sizes[1] or sizes[0] is None or places[0] != places[1]:
            continue
        if width(call) != 2 * sizes[0]:
            continue
        shortcut = next(
            (a for a, b in ((one, other), (other, one)) if a in subject.all_before(b)), None
        )
        if shortcut is not None:
            # What pooling and activations lie between two of them changes no width.
            earlier = runs.get(_back_to_concatenate(subject, shortcut), [])
            runs[call.id] = [*earlier, call]
    longest = max(runs.values(), key=len, default=[])
    if len(longest) < 3:
        return
    first, last = longest[0], longest[-1]
    start = first.inputs[0].shape[-1]
    yield rule.finding(
        f"{len(longest)} concatenated shortcuts one after the other double the width each: "
        f"{start} channels grow to {width(last)} at {last.name!r}, and the weights with them.",
        calls=tuple(call.id for call in longest),
        cause=Cause(
            first.name,
            f"{first.name!r} joins {start} channels to as many, and the next layer keeps all.",
            first.id,
        ),
        fixes=with_code(
            subject,
            Fix(
                "add the shortcut instead",
                "x = keras.layers.Add()([shortcut, x])",
                first.inputs[0].text,
                0,
            ),
            dict(zip(("shortcut", "x"), first.inputs, strict=False)),
            at=first,
        ),
        graph=graph,
    )


def _back_to_concatenate(subject: Subject, call_id: str) -> str:
    call: Call | None = subject.graph.call_by_id[call_id]
    while call is not None and not is_merge(call, "Concatenate"):
        if call.outputs[0].shape[-1:] != call.inputs[0].shape[-1:] if call.inputs else True:
            return call_id
        if is_layer(call, *CONVOLUTIONS, "Dense"):
            return call_id
        call = before(subject, call)
    return call_id if call is None else call.id
