"""Tensors that cannot be merged: other ranks, other axes, other widths."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

from keras import layers

from keraslab.debug import _rewire as rewire
from keraslab.debug._evidence import Evidence, maker_of, shape_text
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._rewire import Step
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug.errors._merge_parts import (
    COMBINING,
    CONVOLUTION,
    JOINING,
    differing,
    from_maker,
    joins,
    made_by,
    replacing,
    same_rank,
    told,
)
from keraslab.debug.errors._projections import size_of, where_they_differ

_POOLING = {3: "GlobalAveragePooling1D", 4: "GlobalAveragePooling2D", 5: "GlobalAveragePooling3D"}
_KINDS = {2: "a vector", 3: "a sequence", 4: "an image", 5: "a volume"}


@error_rule("KL202", "merge-of-other-ranks", origins=JOINING + COMBINING)
def other_ranks(rule: Rule, evidence: Evidence) -> Finding | None:
    """An image or a sequence merged with a vector."""
    tensors = evidence.tensors
    ranks = [len(tensor.shape) for tensor in tensors]
    if len(tensors) < 2 or len(set(ranks)) == 1 or min(ranks) < 1:
        return None
    low = min(ranks)
    if low == 1:
        return _number_with_vector(rule, evidence)
    flat = next(tensor for tensor in tensors if len(tensor.shape) == low)
    deep = [tensor for tensor in tensors if len(tensor.shape) > low]
    first = deep[0]
    kinds = _KINDS.get(len(first.shape), "of more axes"), _KINDS.get(low, "of fewer axes")
    message = (
        f"{told(evidence, first)} is still {kinds[0]} ({shape_text(first.shape)}) and "
        f"{told(evidence, flat)} is {kinds[1]} ({shape_text(flat.shape)}): tensors of "
        f"{len(first.shape)} and {low} axes cannot be merged."
    )
    mender = Mender(evidence)
    ways = ("pool", "flatten", "last")
    fixes = [_flattened(mender, deep, how) for how in ways] if low == 2 else []
    if low > 2:
        fixes = [_flattened(mender, list(tensors), how) for how in ("pool", "flatten")]
        fixes = [fix for fix in fixes if fix is not None] or [
            rewire.ahead(
                mender, f"add axes to {evidence.says(flat)}", flat, _with_axes(flat, first)
            )
        ]
    return rule.finding(
        message,
        cause=_kept_axes(evidence, first),
        fixes=tuple(_with_growth(evidence, fix) for fix in fixes if fix is not None),
    )


def _with_axes(flat: Any, deep: Any) -> list[Step]:
    missing = len(deep.shape) - len(flat.shape)
    return [Step("Reshape", ((*[1] * missing, *flat.shape[1:]),))]


def _with_growth(evidence: Evidence, fix: Fix) -> Fix:
    """The fix with the weights that Dense layers on its result get, where those are written."""
    source, width = evidence.source, (fix.result or "").rpartition(" ")[2]
    if source is None or fix.params is None or not width.isdecimal():
        return fix
    units = source.dense_units_after(source.statement)
    return replace(fix, params=fix.params + sum((int(width) + 1) * n for n in units))


def _number_with_vector(rule: Rule, evidence: Evidence) -> Finding:
    """One number a sample, merged with a vector."""
    number = next(t for t in evidence.tensors if len(t.shape) == 1)
    steps = [Step("Reshape", ((1,),))]
    fix = rewire.ahead(Mender(evidence), "make a vector of one value of it", number, steps)
    return rule.finding(
        f"{evidence.says(number)} is one number a sample ({shape_text(number.shape)}), without an "
        "axis to be merged on.",
        cause=from_maker(evidence, number),
        fixes=(fix,) if fix else (),
    )


def _kept_axes(evidence: Evidence, tensor: Any) -> Cause | None:
    """The layer that should have made a vector of it, or seemed to."""
    maker = maker_of(tensor)
    if maker is None:
        return None
    name = evidence.says(tensor)
    line = [maker, *evidence.upstream(tensor)]
    dense = next((each for each in line if isinstance(each, layers.Dense)), None)
    if dense is not None:
        return evidence.cause(
            dense,
            f"the Dense layer {dense.name!r} works on the last axis alone and keeps the others, "
            f"so {name} is {shape_text(tensor.shape)}; nothing flattens or pools it",
        )
    return evidence.cause(
        maker,
        f"{maker.name!r} gives {shape_text(tensor.shape)}, and nothing between it and the merge "
        f"makes a vector of {name}",
    )


def _flattened(mender: Mender, tensors: list[Any], how: str) -> Fix | None:
    """Each of some tensors made a vector; where the merge needs equal sizes, with a Dense."""
    evidence = mender.evidence
    size = next((t.shape[-1] for t in evidence.tensors if len(t.shape) == 2), None)
    joining = joins(evidence.failing.operation) if evidence.failing else False
    changed, makers = [], {}
    for tensor in tensors:
        name, arguments, value = _to_vector(tensor, how)
        if name is None:
            return None
        written = mender.layer(name, arguments)
        if not joining:
            # Dense(8)(Flatten()(x)) is written inside out.
            written = f"{mender.layer('Dense', str(size))}({written}"
        changed.append((tensor, written))
        makers[id(tensor)] = (getattr(layers, name), value)
    if not joining:
        return _flattened_and_sized(mender, tensors, how, size)

    def work(*stands: Any) -> Any:
        made = [
            makers[id(tensor)][0](**makers[id(tensor)][1])(stand) if id(tensor) in makers else stand
            for tensor, stand in zip(evidence.tensors, stands, strict=True)
        ]
        return mender.trial.again(*made)

    return mender.around(_TITLES[how], changed, work)


def _flattened_and_sized(mender: Mender, tensors: list[Any], how: str, size: Any) -> Fix | None:
    """One tensor made a vector of the size that the others have."""
    if len(tensors) != 1 or size is None:
        return None
    (tensor,) = tensors
    evidence = mender.evidence
    name, arguments, value = _to_vector(tensor, how)
    if name is None:
        return None
    node, source = evidence.expression_of(tensor), evidence.source
    dense = mender.layer("Dense", str(size))
    inner = mender.layer(name, arguments)

    def work(*stands: Any) -> Any:
        made = [
            layers.Dense(size)(getattr(layers, name)(**value)(stand)) if each is tensor else stand
            for each, stand in zip(evidence.tensors, stands, strict=True)
        ]
        return mender.trial.again(*made)

    held = evidence.name_of(tensor) or "x"
    edit = source.wrap(node, f"{dense}({inner}(", "))") if source and node else None
    title = f"{_TITLES[how]} and bring it to {size} values"
    return mender.offer(title, [edit], work, code=f"{held} = {dense}({inner}({held}))")


_TITLES = {
    "pool": "average over the positions",
    "flatten": "flatten to a vector",
    "last": "read the sequence with an LSTM that returns its last step",
}


def _to_vector(tensor: Any, how: str) -> tuple[str | None, str, dict[str, Any]]:
    rank = len(tensor.shape)
    if how == "pool":
        return _POOLING.get(rank), "", {}
    if how == "flatten":
        return ("Flatten" if None not in tensor.shape[1:] else None), "", {}
    width = tensor.shape[-1]
    return ("LSTM" if rank == 3 and width else None), str(width), {"units": width}


@error_rule("KL204", "concatenate-on-wrong-axis", origins=JOINING)
def wrong_axis(rule: Rule, evidence: Evidence) -> Finding | None:
    """Tensors that differ on another axis than the one they are joined on."""
    tensors, failing = evidence.tensors, evidence.failing
    if failing is None or not joins(failing.operation) or not same_rank(tensors):
        return None
    axis = getattr(failing.operation, "axis", -1)
    different = differing(tensors)
    rank = len(tensors[0].shape)
    if len(different) != 1 or different[0] == axis % rank:
        return None
    right = different[0] - rank if different[0] == rank - 1 else different[0]
    names = _listed(evidence, tensors)
    mender = Mender(evidence)
    fix = mender.setting(f"join on axis {right}, where they differ", failing.operation, axis=right)
    if fix is None or (different[0] != rank - 1 and axis % rank == rank - 1):
        return None  # joined by features, and the positions differ: that is another mistake
    return rule.finding(
        f"{names} differ on axis {different[0]}, but they are joined on axis {axis % rank}, "
        "where all other axes must be equal.",
        cause=evidence.cause(
            failing.operation,
            f"axis={axis} of {failing.operation.name!r} joins {_axis_word(rank, axis % rank)}; "
            f"what differs is {_axis_word(rank, different[0])}",
        ),
        fixes=(fix,),
    )


def _axis_word(rank: int, axis: int) -> str:
    if axis == 0:
        return "the samples of the batch"
    if axis == rank - 1:
        return "the features" if rank < 4 else "the channels"
    return "the steps" if rank == 3 else f"the positions (axis {axis})"


@error_rule("KL206", "merge-of-other-widths", origins=COMBINING + JOINING)
def other_widths(rule: Rule, evidence: Evidence) -> Finding | None:
    """Element-wise merges of tensors with other numbers of features or channels."""
    tensors, failing = evidence.tensors, evidence.failing
    if failing is None or not same_rank(tensors):
        return None
    if type(failing.operation).__name__ == "Concatenate":
        return None
    rank = len(tensors[0].shape)
    if differing(tensors, failing.operation) != [rank - 1] or None in [
        t.shape[-1] for t in tensors
    ]:
        return None
    shortcut, other = _shortcut(evidence, tensors)
    what = "channels" if rank >= 4 else "features"
    wide = _changes_width(evidence, other)
    before = evidence.inputs_of(wide, other)[0].shape[-1] if wide is not None else None
    sentence = (
        f"{wide.name!r} makes {other.shape[-1]} {what} of {before}"
        f", while {evidence.says(shortcut)} keeps {shortcut.shape[-1]}"
        if wide is not None
        else ""
    )
    return rule.finding(
        f"{type(failing.operation).__name__} works element by element, but "
        f"{told(evidence, shortcut)} has {shortcut.shape[-1]} {what} and "
        f"{told(evidence, other)} has {other.shape[-1]}.",
        cause=evidence.cause(wide, sentence) if wide is not None else from_maker(evidence, other),
        fixes=_projected(evidence, shortcut, other, rank),
    )


def _projected(evidence: Evidence, shortcut: Any, other: Any, rank: int) -> tuple[Fix, ...]:
    mender = Mender(evidence)
    gate = _gate(evidence, shortcut, other)
    if gate is not None:
        return (gate,)
    fixes: list[Fix | None] = []
    if _leads_to(evidence, shortcut, other):
        fixes.append(where_they_differ(mender, shortcut, other))
    for tensor, like in ((shortcut, other), (other, shortcut)):
        name, width = CONVOLUTION.get(rank, "Dense"), like.shape[-1]
        size = size_of(evidence, like, width)
        held = evidence.says(tensor)
        fixes.append(
            replacing(
                mender,
                f"bring {held} to {width} {'channels' if rank > 3 else 'features'}",
                tensor,
                name,
                f"{size}, 1" if rank in CONVOLUTION else size,
                lambda name=name, width=width: (
                    getattr(layers, name)(width, 1) if rank in CONVOLUTION else layers.Dense(width)
                ),
            )
        )
    return tuple(fix for fix in fixes if fix is not None)


def _leads_to(evidence: Evidence, shortcut: Any, other: Any) -> bool:
    """Whether one tensor was made from the other."""
    return maker_of(shortcut) in evidence.upstream(other)


def _gate(evidence: Evidence, one: Any, other: Any) -> Fix | None:
    """A vector that weighs the channels of an image, brought back to all of its channels."""
    failing = evidence.failing
    if failing is None or type(failing.operation).__name__ != "Multiply" or len(one.shape) < 3:
        return None
    single = [all(n == 1 for n in tensor.shape[1:-1]) for tensor in (one, other)]
    if sum(single) != 1:
        return None
    gate, image = (one, other) if single[0] else (other, one)
    width, size = image.shape[-1], size_of(evidence, image, image.shape[-1])
    return replacing(
        Mender(evidence),
        f"bring {evidence.says(gate)} back to all {width} channels, one weight for each",
        gate,
        "Dense",
        f'{size}, activation="sigmoid"',
        lambda: layers.Dense(width, activation="sigmoid"),
    )


def _shortcut(evidence: Evidence, tensors: tuple[Any, ...]) -> tuple[Any, Any]:
    """Of two tensors that differ, the one that the other was made from, first."""
    pairs = [(a, b) for a, b in pairwise(tensors) if a.shape[-1] != b.shape[-1]]
    first, second = pairs[0]
    if maker_of(second) in evidence.upstream(first):
        return second, first
    return first, second


def _changes_width(evidence: Evidence, tensor: Any) -> Any | None:
    """The nearest layer above that gives another width than it takes."""
    for each in evidence.upstream(tensor):
        given, made = evidence.inputs_of(each, tensor), made_by(evidence, each, tensor)
        known = given and made is not None and given[0].shape and made.shape
        if known and made is not None and given[0].shape[-1] != made.shape[-1]:
            return each
    return None


def _listed(evidence: Evidence, tensors: tuple[Any, ...]) -> str:
    said = [f"{told(evidence, t)} ({shape_text(t.shape)})" for t in tensors[:4]]
    return f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else said[0]
