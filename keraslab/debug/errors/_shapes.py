"""Sizes that are used up, or cannot be arranged anew."""

from __future__ import annotations

import math
from typing import Any

from keras import layers

from keraslab.debug import _rewire as rewire
from keraslab.debug._above import POOLING, line_of, positions
from keraslab.debug._evidence import Evidence, maker_of, shape_text
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._rewire import Step
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug.errors._placed import placed
from keraslab.debug.errors._projections import repeats

_WINDOWS = (
    "ops.operation_utils:compute_conv_output_shape",
    "ops.operation_utils:compute_pooling_output_shape",
)


@error_rule("KL501", "size-used-up", origins=_WINDOWS)
def size_used_up(rule: Rule, evidence: Evidence) -> Finding | None:
    """A kernel or pooling window larger than what is left of an image or sequence."""
    failing = evidence.failing
    if failing is None or not evidence.tensors:
        return None
    tensor, operation = evidence.tensors[0], failing.operation
    sizes = positions(tensor, operation)
    window = _window(operation, len(sizes))
    if not sizes or len(sizes) != len(window):
        return None
    if not any(size is not None and size < w for size, w in zip(sizes, window, strict=True)):
        return None
    shrinking = _shrinking(evidence, tensor)
    start = shrinking[-1][1] if shrinking else None
    left = f"{evidence.says(tensor)} has only {_by(sizes)} positions left"
    if start is not None:
        began = _began(evidence, tensor, shrinking[-1][0], start)
        left += f" of the {_by(start)} of {began}"
        left += f" after {_counted([each for each, *_ in shrinking])}"
    else:
        left = f"{evidence.says(tensor)} has only {_by(sizes)} positions"
    return rule.finding(
        f"{left}, but the window of {operation.name!r} is {_by(window)}.",
        cause=_used_by(evidence, shrinking, sizes, window),
        fixes=tuple(_kept_sizes(evidence, [each for each, *_ in shrinking], sizes)),
    )


def _window(operation: Any, axes: int) -> tuple[int, ...]:
    """How many positions a layer must have at once, with the gaps of its dilation."""
    window = getattr(operation, "kernel_size", None) or getattr(operation, "pool_size", None)
    if window is None:
        return ()
    window = tuple(window) if isinstance(window, (list, tuple)) else (window,) * axes
    rate = getattr(operation, "dilation_rate", 1)
    rates = tuple(rate) if isinstance(rate, (list, tuple)) else (rate,) * len(window)
    return tuple(r * (w - 1) + 1 for w, r in zip(window, rates, strict=True))


def _shrinking(evidence: Evidence, tensor: Any) -> list[tuple[Any, Any, Any]]:
    """The layers above that give fewer positions than they take, with both sizes, nearest first."""
    found = []
    for operation, given, made in line_of(evidence, tensor):
        if len(given.shape) != len(made.shape):
            break
        before, after = positions(given, operation), positions(made, operation)
        pairs = zip(before, after, strict=True)
        if any(b is not None and a is not None and a < b for b, a in pairs):
            found.append((operation, before, after))
    return found


def _began(evidence: Evidence, tensor: Any, first: Any, start: Any) -> str:
    """What to call the tensor that all of the positions were there in: the input where it can."""
    above = line_of(evidence, tensor)
    found = next(given for operation, given, _ in reversed(above) if operation is first)
    root = above[-1][1]
    whole = len(root.shape) == len(found.shape) and positions(root, first) == tuple(start)
    return evidence.says(root if whole else found)


def _is_pooling(operation: Any) -> bool:
    strides = getattr(operation, "strides", 1)
    largest = max(strides) if isinstance(strides, (list, tuple)) else strides or 1
    return largest > 1 or hasattr(operation, "pool_size")


def _used_by(evidence: Evidence, shrinking: Any, sizes: Any, window: Any) -> Cause | None:
    failing = evidence.failing
    assert failing is not None
    pooling = next((each for each in shrinking if _is_pooling(each[0])), None)
    for operation, before, after in ([pooling] if pooling else shrinking)[:1]:
        return evidence.cause(
            operation, f"{operation.name!r} leaves {_by(after)} of {_by(before)} positions"
        )
    return evidence.cause(
        failing.operation,
        f"{failing.operation.name!r} needs {_by(window)} positions and gets {_by(sizes)}",
    )


def _kept_sizes(evidence: Evidence, shrinking: list[Any], sizes: Any) -> list[Fix]:
    mender = Mender(evidence)
    assert evidence.failing is not None
    failing = evidence.failing.operation
    fixes: list[Fix | None] = []
    if _channels_first(evidence, sizes):
        last = len(sizes) + 1
        step = Step("Permute", ((*range(2, last + 1), 1),))
        fixes.append(rewire.ahead(mender, "put the channels last", evidence.tensors[0], [step]))
    # What runs again takes from the poolings too what they need: theirs are kept as well.
    every = repeats(evidence)
    bare = [e for e in shrinking if _can_be_same(e) and (every or not _is_pooling(e))]
    own = [failing] if _can_be_same(failing) else []
    same = {"padding": "same"}
    if bare:
        changed = dict.fromkeys([*bare, *own], same)
        fix = rewire.settings(
            mender,
            "keep the borders with padding='same'",
            {id(each): (each, dict(same)) for each in changed},
        )
        fixes.append(placed(evidence, fix, changed))
    if own:
        fix = mender.setting("let the window reach over the border", failing, padding="same")
        fixes.append(placed(evidence, fix, {failing: same}))
    pooling = next((each for each in shrinking if _is_pooling(each)), None)
    if pooling is not None:
        fixes.append(rewire.without(mender, f"leave out {pooling.name!r}", pooling))
    if hasattr(failing, "pool_size"):
        fixes.append(rewire.without(mender, f"leave out {failing.name!r}", failing))
    size = min(size for size in sizes if size is not None)
    key = "kernel_size" if hasattr(failing, "kernel_size") else "pool_size"
    if hasattr(failing, key) and max(getattr(failing, "dilation_rate", (1,))) == 1:
        fixes.append(mender.setting(f"use a window of {size}", failing, **{key: size}))
    elif hasattr(failing, "dilation_rate"):
        fixes.append(mender.setting("use no gaps in the window", failing, dilation_rate=1))
    return [fix for fix in fixes if fix is not None][:4]


def _can_be_same(operation: Any) -> bool:
    return getattr(operation, "padding", None) == "valid" and "Transpose" not in str(
        type(operation).__name__
    )


def _channels_first(evidence: Evidence, sizes: Any) -> bool:
    tensor = evidence.tensors[0]
    is_input = isinstance(maker_of(tensor), layers.InputLayer)
    small = tensor.shape[1] in (1, 3, 4) and len(sizes) > 1
    return is_input and small and tensor.shape[-1] is not None and tensor.shape[-1] > 4


def _by(sizes: Any) -> str:
    return " × ".join("?" if size is None else str(size) for size in sizes)


def _counted(operations: list[Any]) -> str:
    pooled = sum(_is_pooling(each) for each in operations)
    other = len(operations) - pooled
    said = [f"{pooled} pooling{'s' if pooled > 1 else ''} or strides"] if pooled else []
    if other:
        said.append(f"{other} convolution{'s' if other > 1 else ''} without padding")
    return " and ".join(said)


# Reshape.


@error_rule(
    "KL502",
    "reshape-changes-size",
    origins=("ops.operation_utils:compute_reshape_output_shape",),
)
def reshape_changes_size(rule: Rule, evidence: Evidence) -> Finding | None:
    """A Reshape to a shape of another number of values."""
    failing = evidence.failing
    if failing is None or len(evidence.tensors) != 1:
        return None
    operation, (tensor,) = failing.operation, evidence.tensors
    key = "target_shape" if hasattr(operation, "target_shape") else "newshape"
    target = getattr(operation, key, None)
    if target is None:
        return None
    target = tuple(None if n is None else int(n) for n in target)
    given = tuple(tensor.shape[1:]) if key == "target_shape" else tuple(tensor.shape)
    if None in given or None in target:
        return None
    size, wanted = math.prod(given), math.prod(n for n in target if n != -1)
    name = evidence.says(tensor)
    whose = f"the target shape {target}"
    if isinstance(operation, layers.Layer):
        whose += f" of {operation.name!r}"
    if -1 in target:
        message = (
            f"The {size:,} values of a sample of {name} ({shape_text(tensor.shape)}) cannot be "
            f"divided by {wanted:,}, as {whose} asks for."
        )
    else:
        message = (
            f"A sample of {name} ({shape_text(tensor.shape)}) has {size:,} values and {whose} "
            f"has {wanted:,}: Reshape arranges values anew and makes none."
        )
    mender = Mender(evidence)
    cause, fixes = _reshaped(mender, tensor, key, target, size, wanted)
    return rule.finding(message, cause=cause, fixes=tuple(f for f in fixes if f is not None)[:4])


def _reshaped(
    mender: Mender, tensor: Any, key: str, target: tuple[int, ...], size: int, wanted: int
) -> tuple[Cause, list[Fix | None]]:
    evidence = mender.evidence
    assert evidence.failing is not None
    operation = evidence.failing.operation
    dense = rewire.line_above(tensor)
    fixes: list[Fix | None] = []
    cause = None
    rest = math.prod(target[1:])
    if -1 not in target and len(target) > 1 and rest == size:
        sentence = f"{target[0]} is the batch, which the target shape leaves out"
        cause = evidence.cause(operation, sentence)
        fixes.append(mender.setting("leave the batch out", operation, **{key: target[1:]}))
    if isinstance(dense, layers.Dense) and len(tensor.shape) == 2:
        units = wanted if -1 not in target else wanted * max(1, round(size / wanted))
        sentence = f"{dense.name!r} gives {size:,} values, and {units:,} are needed"
        cause = cause or evidence.cause(dense, sentence)
        fixes.append(
            rewire.settings(
                mender,
                f"let {dense.name!r} give {units:,} values",
                {id(dense): (dense, {"units": units})},
            )
        )
    for index in reversed(range(len(target))):
        others = math.prod(n for i, n in enumerate(target) if i != index and n != -1)
        near = others > 0 and size % others == 0 and size <= 8 * others * target[index]
        fits = target[index] != -1 and -1 not in target and near
        if fits and (len(target) > 1 or size == others * target[index]):
            new = (*target[:index], size // others, *target[index + 1 :])
            fixes.append(mender.setting(f"arrange the values as {new}", operation, **{key: new}))
            break
    if -1 in target:
        fixes.append(_divided(mender, operation, key, target, size))
    if key == "target_shape" and -1 not in target:
        to_vector = (
            [[]]
            if len(tensor.shape) == 2
            else [[Step(POOLING[len(tensor.shape)])]]
            if len(tensor.shape) in POOLING
            else []
        )
        if len(tensor.shape) > 2:
            to_vector.append([Step("Flatten")])
        for steps in to_vector:
            how = " after pooling" if steps and steps[0].name != "Flatten" else ""
            fixes.append(
                rewire.ahead(
                    mender,
                    f"compute the {wanted:,} values with a Dense layer{how}",
                    tensor,
                    [*steps, Step("Dense", (wanted,))],
                )
            )
    words = f"{operation.name!r} asks for {wanted:,} values of {size:,}"
    if -1 in target:
        words = f"{operation.name!r} divides {size:,} values by {wanted:,}"
    return cause or evidence.cause(operation, words), fixes


def _divided(
    mender: Mender, operation: Any, key: str, target: tuple[int, ...], size: int
) -> Fix | None:
    """The last size of the target made one that divides."""
    index = max(i for i, n in enumerate(target) if n != -1)
    others = math.prod(n for i, n in enumerate(target) if i != index and n != -1)
    if size % others:
        return None
    left = size // others
    near = min(
        (n for n in range(1, left + 1) if left % n == 0), key=lambda n: abs(n - target[index])
    )
    new = (*target[:index], near, *target[index + 1 :])
    return mender.setting(f"use {near}, which divides {size:,}", operation, **{key: new})
