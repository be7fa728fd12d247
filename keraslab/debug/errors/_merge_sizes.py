"""Images and sequences that are merged and differ in height, width or length."""

from __future__ import annotations

from typing import Any

from keras import layers

from keraslab.debug import _rewire as rewire
from keraslab.debug._above import line_of
from keraslab.debug._evidence import Evidence, shape_text
from keraslab.debug._finding import Finding, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._other_input import with_other_input
from keraslab.debug._rewire import Step
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug.errors._branches import in_a_row, without_strides
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
from keraslab.debug.errors._projections import where_they_differ


@error_rule("KL205", "merge-of-other-positions", origins=JOINING + COMBINING)
def other_positions(rule: Rule, evidence: Evidence) -> Finding | None:
    """Images or sequences whose heights, widths or lengths differ."""
    tensors = evidence.tensors
    if not same_rank(tensors) or len(tensors[0].shape) < 3:
        return None
    operation = evidence.failing.operation if evidence.failing else None
    different = differing(tensors, operation)
    axes = [axis for axis in different if 0 < axis < len(tensors[0].shape) - 1]
    if not axes:
        return None
    big = max(tensors, key=lambda t: t.shape[axes[0]])
    small = min(tensors, key=lambda t: t.shape[axes[0]])
    lost = _shrinks(evidence, small) or _shrinks(evidence, big)
    odd = next((each for each in [*_halves(evidence, small), *_halves(evidence, big)]), None)
    cause = odd if odd is not None else lost
    fixes = _same_size(evidence, big, small, odd)
    return rule.finding(
        f"{told(evidence, big)} is {shape_text(big.shape)} and {told(evidence, small)} is "
        f"{shape_text(small.shape)}: to be merged, they need the same number of positions.",
        cause=evidence.cause(cause, _why_smaller(evidence, cause, big, small))
        if cause
        else from_maker(evidence, small),
        fixes=tuple(fixes),
    )


def _why_smaller(evidence: Evidence, cause: Any, big: Any, small: Any) -> str:
    given = evidence.inputs_of(cause, small)
    size = given[0].shape[1] if given else None
    if size is not None and size % 2 and _stride(cause) > 1:
        return (
            f"{cause.name!r} divides {size} positions by {_stride(cause)}, which leaves a rest: "
            "what is doubled again later comes out smaller"
        )
    stride = _stride(cause)
    if stride > 1:
        # A pooling strides by its size where nothing else is said.
        has = "" if _is_pool(cause) else f" has strides={stride} and"
        keeps = f"{cause.name!r}{has} keeps every position in {stride}"
        mine, other = small, big
        if all(each is not cause for each in evidence.upstream(small)):
            mine, other = big, small
        shared = {id(each) for each in evidence.upstream(mine)}
        beside = [e for e in evidence.upstream(other) if id(e) not in shared]
        if any(_loses(evidence, each, other) for each in beside):
            return f"{keeps}, the other branch other ones"
        said = evidence.name_of(other)
        return f"{keeps}, the other branch{f' ({said})' if said else ''} all"
    return f"{cause.name!r} has no padding, so the border is lost there and not in the other branch"


def _is_pool(operation: Any) -> bool:
    return "Pooling" in type(operation).__name__


def _shrinks(evidence: Evidence, tensor: Any) -> Any | None:
    """The nearest layer above that gives fewer positions than it takes."""
    return next((e for e in evidence.upstream(tensor) if _loses(evidence, e, tensor)), None)


def _loses(evidence: Evidence, operation: Any, tensor: Any) -> bool:
    """Whether a layer above a tensor gives fewer positions than it takes."""
    given = evidence.inputs_of(operation, tensor)
    made = made_by(evidence, operation, tensor)
    if made is None or not given or len(given[0].shape) != len(made.shape):
        return False
    before, after = given[0].shape[1], made.shape[1]
    return None not in (before, after) and after < before


def _halves(evidence: Evidence, tensor: Any) -> list[Any]:
    """Layers above whose stride does not divide the size they take."""
    found = []
    for each in evidence.upstream(tensor):
        given, stride = evidence.inputs_of(each, tensor), _stride(each)
        sizes = given[0].shape[1:-1] if given else ()
        if stride > 1 and any(size is not None and size % stride for size in sizes):
            found.append(each)
    return found


def _stride(operation: Any) -> int:
    if type(operation).__name__.endswith("Transpose"):
        return 1
    strides = getattr(operation, "strides", 1)
    first = strides[0] if isinstance(strides, (list, tuple)) and strides else strides
    return first if isinstance(first, int) else 1


def _same_size(evidence: Evidence, big: Any, small: Any, odd: Any) -> list[Fix]:
    mender = Mender(evidence)
    rank = len(big.shape)
    offered: list[Fix | None] = []
    source = evidence.source
    # In a loop or function the sizes of one call are not those of the next.
    once = source is None or source.node is None or source.runs_once(source.node)
    if odd is not None:
        offered.append(_divisible(mender, big, small))
    offered += [without_strides(mender, evidence.tensors), in_a_row(mender, evidence.tensors)]
    shrinking = _without_padding(evidence, [big, small])
    if shrinking:
        same = {id(each): (each, {"padding": "same"}) for each in shrinking}
        offered.append(rewire.settings(mender, "keep the border with padding", same))
    if None not in (*big.shape[1:], *small.shape[1:]):
        ratio = [-(-b // s) for b, s in zip(big.shape[1:-1], small.shape[1:-1], strict=True)]
        if len(set(ratio)) == 1 and ratio[0] > 1 and rank in CONVOLUTION:
            again = where_they_differ(mender, big, small)
            offered.append(again or _strided(mender, big, small, ratio[0]))
        by = [b - s for b, s in zip(big.shape[1:-1], small.shape[1:-1], strict=True)]
        near = min(by) >= 0 and (max(by) <= 4 or rank == 3) and rank in (3, 4, 5)
        if near and once:
            pad, crop = "pad the smaller one with zeros", "crop the larger one"
            offered += [
                _at_the_ends(mender, pad, small, "ZeroPadding", by, rank),
                _at_the_ends(mender, crop, big, "Cropping", by, rank),
            ]
        elif rank == 4 and once:
            offered.append(_resized(mender, small, big))
            offered += _fitted_whole(mender, big, small)
    if rank == 3 and joins(evidence.failing.operation if evidence.failing else None):
        offered.append(_pooled(mender))
    return [fix for fix in offered if fix is not None]


def _divisible(mender: Mender, big: Any, small: Any) -> Fix | None:
    """An input whose size all poolings and strides above divide."""
    evidence = mender.evidence
    above = list({id(e): e for t in (big, small) for e in evidence.upstream(t)}.values())
    entries = [each for each in above if isinstance(each, layers.InputLayer)]
    if len(entries) != 1 or len(entries[0].batch_shape) != len(big.shape):
        return None
    times = max(_halvings(evidence, tensor) for tensor in (big, small))
    shape = tuple(entries[0].batch_shape[1:])
    sizes = tuple(n if n is None else -(-n // times) * times for n in shape[:-1])
    said = f"make the input {' × '.join(map(str, sizes))}, which {times} divides"
    return with_other_input(mender, said, entries[0], (*sizes, shape[-1]))


def _halvings(evidence: Evidence, tensor: Any) -> int:
    strides = 1
    for each, _, _ in line_of(evidence, tensor):
        strides *= _stride(each)
    return strides


def _fitted_whole(mender: Mender, big: Any, small: Any) -> list[Fix | None]:
    """Size and channels both made those of the larger one."""
    if big.shape[-1] == small.shape[-1]:
        return []
    steps = [Step("Resizing", tuple(big.shape[1:3])), Step("Conv2D", (big.shape[-1], 1))]
    return [rewire.ahead(mender, "resize the smaller one and change its channels", small, steps)]


def _without_padding(evidence: Evidence, tensors: list[Any]) -> list[Any]:
    found = {}
    for tensor, other in (tensors, reversed(tensors)):
        shared = {id(each) for each in evidence.upstream(other)}
        for each in evidence.upstream(tensor):
            valid = getattr(each, "padding", None) == "valid"
            own = valid and id(each) not in shared and isinstance(each, layers.Layer)
            if own and max(_window(each)) > 1:
                found[id(each)] = each
    return list(found.values())


def _window(layer: Any) -> tuple[int, ...]:
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None) or (1,)
    return tuple(window) if isinstance(window, (list, tuple)) else (int(window),)


def _strided(mender: Mender, big: Any, small: Any, stride: int) -> Fix | None:
    name = CONVOLUTION[len(big.shape)]
    width = small.shape[-1]
    return replacing(
        mender,
        f"take every position in {stride} of the larger one with a 1x1 convolution",
        big,
        name,
        f"{width}, 1, strides={stride}",
        lambda: getattr(layers, name)(width, 1, strides=stride),
    )


def _at_the_ends(
    mender: Mender, title: str, tensor: Any, kind: str, by: list[int], rank: int
) -> Fix | None:
    """Positions cut away or added at the end of each axis."""
    each: list[Any] = [(0, n) for n in by]
    amount = each[0] if rank == 3 else tuple(each)
    name = f"{kind}{rank - 2}D"
    return replacing(
        mender, title, tensor, name, repr(amount), lambda: getattr(layers, name)(amount)
    )


def _resized(mender: Mender, small: Any, big: Any) -> Fix | None:
    height, width = big.shape[1:3]
    return replacing(
        mender,
        "resize the smaller one",
        small,
        "Resizing",
        f"{height}, {width}",
        lambda: layers.Resizing(height, width),
    )


def _pooled(mender: Mender) -> Fix | None:
    tensors = mender.evidence.tensors

    def work(*stands: Any) -> Any:
        return mender.trial.again(*[layers.GlobalAveragePooling1D()(stand) for stand in stands])

    written = mender.layer("GlobalAveragePooling1D")
    return mender.around(
        "average each over its steps", [(tensor, written) for tensor in tensors], work
    )
