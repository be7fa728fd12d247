"""Axes and sizes that an operation cannot work on."""

from __future__ import annotations

import ast
from typing import Any

from keraslab.debug import _rewire as rewire
from keraslab.debug._evidence import Evidence, maker_of, shape_text
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._rewire import Step
from keraslab.debug._rules import Rule, error_rule


@error_rule(
    "KL507",
    "groups-do-not-divide",
    origins=(
        "layers.convolutional.base_conv:BaseConv.build",
        "layers.normalization.group_normalization:GroupNormalization.build",
    ),
)
def groups(rule: Rule, evidence: Evidence) -> Finding | None:
    """Channels that cannot be divided into as many groups."""
    failing = evidence.failing
    if failing is None or not evidence.tensors:
        return None
    operation, tensor = failing.operation, evidence.tensors[0]
    number = getattr(operation, "groups", None)
    axis = 1 if getattr(operation, "data_format", None) == "channels_first" else -1
    channels = tensor.shape[getattr(operation, "axis", axis)]
    if not number or channels is None or channels % number == 0:
        return None
    mender = Mender(evidence)
    common = max(n for n in range(1, min(number, channels) + 1) if _divides(n, channels, operation))
    fixes = [mender.setting(f"use {common} groups", operation, groups=common)]
    if len(tensor.shape) == 4:
        wide = -(-channels // number) * number
        step = Step("Conv2D", (wide, 1))
        fixes.append(rewire.ahead(mender, f"bring it to {wide} channels first", tensor, [step]))
    return rule.finding(
        f"The {channels} channels of {evidence.says(tensor)} cannot be divided into the "
        f"{number} groups of {operation.name!r}.",
        cause=evidence.cause(operation, f"{operation.name!r} makes {number} groups"),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _divides(number: int, channels: int, operation: Any) -> bool:
    filters = getattr(operation, "filters", number)
    return channels % number == 0 and filters % number == 0


@error_rule(
    "KL508",
    "cropped-away",
    origins=(
        "layers.reshaping.cropping1d:*",
        "layers.reshaping.cropping2d:*",
        "layers.reshaping.cropping3d:*",
    ),
)
def cropped_away(rule: Rule, evidence: Evidence) -> Finding | None:
    """A cropping that leaves nothing."""
    failing = evidence.failing
    if failing is None or len(evidence.tensors) != 1:
        return None
    operation, (tensor,) = failing.operation, evidence.tensors
    cropping = getattr(operation, "cropping", None)
    sizes = tensor.shape[1:-1]
    if cropping is None:
        return None
    cuts = [tuple(cropping)] if isinstance(cropping[0], int) else [tuple(c) for c in cropping]
    if len(cuts) != len(sizes) or not any(
        n is not None and n <= sum(c) for n, c in zip(sizes, cuts, strict=True)
    ):
        return None
    kept = [
        cut if n is None or n > sum(cut) else ((n - 1) // 4, (n - 1) // 4)
        for n, cut in zip(sizes, cuts, strict=True)
    ]
    mender = Mender(evidence)
    new = kept[0] if len(kept) == 1 else tuple(kept)
    said = " and ".join(f"{sum(c)} of {n}" for n, c in zip(sizes, cuts, strict=True))
    fixes = [
        mender.setting("crop less", operation, cropping=new),
        rewire.without(mender, f"leave out {operation.name!r}", operation),
    ]
    return rule.finding(
        f"{operation.name!r} cuts away {said} positions of {evidence.says(tensor)} "
        f"({shape_text(tensor.shape)}), so nothing is left.",
        cause=evidence.cause(operation, f"its cropping is {cropping}"),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


@error_rule(
    "KL510",
    "axis-out-of-range",
    origins=(
        "layers.normalization.batch_normalization:*",
        "layers.normalization.layer_normalization:*",
        "layers.merging.concatenate:Concatenate.*",
        "layers.merging.dot:Dot.build",
        "ops.operation_utils:compute_transpose_output_shape",
        "backend.common.backend_utils:canonicalize_axis",
        "ops.numpy:*",
    ),
)
def axis_out_of_range(rule: Rule, evidence: Evidence) -> Finding | None:
    """An axis that the tensor does not have."""
    failing = evidence.failing
    if failing is None or not evidence.tensors:
        return None
    operation, tensor = failing.operation, evidence.tensors[0]
    rank = len(tensor.shape)
    axes = getattr(operation, "axes", None)
    if type(operation).__name__ == "Transpose" and axes is not None and len(axes) != rank:
        return _transposed(rule, evidence, operation, tensor, tuple(axes))
    key = "axis" if hasattr(operation, "axis") else "axes"
    axis = getattr(operation, key, None)
    several = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    grows = type(operation).__name__ in ("ExpandDims", "Stack")
    wrong = [a for a in several if isinstance(a, int) and not -rank - grows <= a < rank + grows]
    if not wrong:
        return None
    mender = Mender(evidence)
    new = -1 if not isinstance(axis, (list, tuple)) else [a if a not in wrong else -1 for a in axis]
    return rule.finding(
        f"{evidence.says(tensor)} has {rank} axes, 0 to {rank - 1} "
        f"({shape_text(tensor.shape)}), and "
        f"{operation.name!r} works on axis {wrong[0]}.",
        cause=evidence.cause(operation, f"{key}={axis!r} of {operation.name!r} is not there"),
        fixes=tuple(f for f in [mender.setting("use the last axis", operation, **{key: new})] if f),
    )


def _transposed(
    rule: Rule, evidence: Evidence, operation: Any, tensor: Any, axes: tuple[int, ...]
) -> Finding:
    rank = len(tensor.shape)
    mender = Mender(evidence)
    new = (0, *(a + 1 for a in axes)) if sorted(axes) == list(range(rank - 1)) else None
    new = new or (0, *range(1, rank - 2), rank - 1, rank - 2) if rank > 2 else tuple(range(rank))
    fix = mender.setting("name the batch too", operation, axes=new)
    return rule.finding(
        f"The axes {axes} name {len(axes)} axes, and {evidence.says(tensor)} has {rank} with the "
        f"batch ({shape_text(tensor.shape)}).",
        cause=evidence.cause(operation, "an operation, unlike Permute, counts the batch as axis 0"),
        fixes=(fix,) if fix else (),
    )


@error_rule(
    "KL511",
    "inner-sizes-differ",
    origins=(
        "ops.operation_utils:compute_matmul_output_shape",
        "ops.numpy:Dot.*",
        "ops.numpy:Tensordot.*",
    ),
)
def inner_sizes(rule: Rule, evidence: Evidence) -> Finding | None:
    """A matrix product of sizes that do not fit."""
    if len(evidence.tensors) != 2:
        return None
    first, second = evidence.tensors
    if min(len(first.shape), len(second.shape)) < 2:
        return None
    left, right = first.shape[-1], second.shape[-2]
    names = evidence.says(first), evidence.says(second)
    mender = Mender(evidence)
    fixes: list[Fix | None] = []
    turned = "turn {} over"
    if len(second.shape) == 3 and second.shape[-1] == left:
        fixes.append(
            rewire.ahead(mender, turned.format(names[1]), second, [Step("Permute", ((2, 1),))])
        )
    if len(first.shape) == 3 and first.shape[-2] == right and first is not second:
        fixes.append(
            rewire.ahead(mender, turned.format(names[0]), first, [Step("Permute", ((2, 1),))])
        )
    if right is not None:
        title = f"bring {names[0]} to {right} features"
        fixes.append(rewire.ahead(mender, title, first, [Step("Dense", (right,))]))
    if None in (left, right) or left == right:
        return None
    return rule.finding(
        f"In a matrix product, the {left} columns of {names[0]} "
        f"({shape_text(first.shape)}) meet the "
        f"{right} rows of {names[1]} ({shape_text(second.shape)}): both numbers must be the same.",
        cause=evidence.cause(
            maker_of(second), f"{names[1]} is {shape_text(second.shape)}, with {right} rows"
        )
        if maker_of(second) is not None
        else None,
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


@error_rule(
    "KL512", "einsum-of-other-ranks", origins=("ops.numpy:Einsum.*", "layers.core.einsum_dense:*")
)
def einsum_ranks(rule: Rule, evidence: Evidence) -> Finding | None:
    """An equation that names more or fewer axes than a tensor has."""
    failing = evidence.failing
    equation = getattr(failing.operation, "subscripts", None) if failing else None
    equation = equation or (getattr(failing.operation, "equation", None) if failing else None)
    if not isinstance(equation, str) or "..." in equation or failing is None:
        return None
    inputs, arrow, output = equation.replace(" ", "").partition("->")
    terms = inputs.split(",")
    for index, (term, tensor) in enumerate(zip(terms, evidence.tensors, strict=False)):
        if len(term) == len(tensor.shape):
            continue
        others = "".join(t for i, t in enumerate(terms) if i != index)
        surplus = [c for c in term if c not in others][: max(0, len(term) - len(tensor.shape))]
        fixed = "".join(c for c in term if c not in surplus)
        terms = [fixed if i == index else t for i, t in enumerate(terms)]
        new = ",".join(terms) + arrow + "".join(c for c in output if c not in surplus)
        mender = Mender(evidence)
        key = "subscripts" if hasattr(failing.operation, "subscripts") else "equation"
        fix = mender.setting(f"write {new}", failing.operation, **{key: new}) if surplus else None
        return rule.finding(
            f"{term!r} in {equation!r} names {len(term)} axes, and {evidence.says(tensor)} has "
            f"{len(tensor.shape)} ({shape_text(tensor.shape)}).",
            cause=evidence.cause(
                failing.operation, f"{term!r} does not fit {evidence.says(tensor)}"
            ),
            fixes=(fix,) if fix else (),
        )
    return None


@error_rule(
    "KL513",
    "split-or-squeeze-of-other-size",
    origins=("ops.numpy:Squeeze.*", "ops.numpy:_compute_split_output_spec", "ops.numpy:Split.*"),
)
def split_or_squeeze(rule: Rule, evidence: Evidence) -> Finding | None:
    """An axis that is squeezed and not 1, or cut into parts that do not divide it."""
    failing = evidence.failing
    if failing is None or len(evidence.tensors) != 1:
        return None
    operation, (tensor,) = failing.operation, evidence.tensors
    axis, name, mender = getattr(operation, "axis", None), evidence.says(tensor), Mender(evidence)
    rank = len(tensor.shape)
    if not isinstance(axis, int) or not -rank <= axis < rank:
        return None
    size = tensor.shape[axis]
    parts = getattr(operation, "indices_or_sections", None)
    if isinstance(parts, int) and size is not None:
        near = min((n for n in range(1, size + 1) if size % n == 0), key=lambda n: abs(n - parts))
        return rule.finding(
            f"Axis {axis} of {name} ({shape_text(tensor.shape)}) has {size} values, which "
            f"cannot be "
            f"cut into {parts} equal parts.",
            cause=evidence.cause(operation, f"{parts} does not divide {size}"),
            fixes=tuple(
                fix
                for fix in [
                    mender.setting(f"cut into {near} parts", operation, indices_or_sections=near),
                    rewire.ahead(
                        mender,
                        f"bring it to {-(-size // parts) * parts} values first",
                        tensor,
                        [Step("Dense", (-(-size // parts) * parts,))],
                    )
                    if axis in (-1, rank - 1)
                    else None,
                ]
                if fix
            ),
        )
    if parts is not None:
        return None
    ones = [i for i, n in enumerate(tensor.shape) if n == 1 and i]
    fixes = [mender.setting(f"squeeze axis {i}", operation, axis=i) for i in ones]
    fixes.append(_left_out(mender, tensor))
    what = "the batch" if axis in (0, -rank) else f"axis {axis}"
    return rule.finding(
        f"Only an axis of size 1 can be squeezed, and {what} of {name} has "
        f"{'an unknown size' if size is None else size} ({shape_text(tensor.shape)}).",
        cause=evidence.cause(operation, f"axis={axis} is not of size 1"),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _left_out(mender: Mender, tensor: Any) -> Fix | None:
    """The tensor itself in place of the operation."""
    source = mender.evidence.source
    node = mender.evidence.expression_of(tensor)
    if source is None or node is None or source.node is None:
        return None
    edit = source.replace(source.node, source.text_of(node))
    return mender.offer("leave the operation out", [edit], lambda stand: stand)


@error_rule("KL515", "index-out-of-range", origins=("ops.numpy:GetItem.*",))
def index_out_of_range(rule: Rule, evidence: Evidence) -> Finding | None:
    """An index that an axis does not have, or more indices than axes."""
    failing, source = evidence.failing, evidence.source
    if failing is None or source is None or len(evidence.tensors) != 1 or len(failing.args) != 2:
        return None
    tensor, key = failing.args
    keys = key if isinstance(key, tuple) else (key,)
    name, rank = evidence.says(tensor), len(tensor.shape)
    node = source.node
    elements = (
        node.slice.elts
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple)
        else []
    )
    if any(k is Ellipsis or k is None for k in keys):
        return None
    mender = Mender(evidence)
    edits: list[Any] = [None]
    if len(keys) > rank:
        said = (
            f"{name} has {rank} axes with the batch ({shape_text(tensor.shape)}), not {len(keys)}"
        )
        new = keys[:rank]
        if len(elements) == len(keys):
            _, _, line, column = source.chars(elements[rank - 1])
            _, _, last, end = source.chars(elements[-1])
            edits = [source.cut(line, column, last, end)]
        title = f"use {rank} indices"
    else:
        wrong = [
            i
            for i, (k, n) in enumerate(zip(keys, tensor.shape, strict=False))
            if isinstance(k, int) and n is not None and not -n <= k < n
        ]
        if not wrong:
            return None
        index = wrong[0]
        size = tensor.shape[index]
        said = (
            f"Axis {index} of {name} ({shape_text(tensor.shape)}) has {size} values, 0 to "
            f"{size - 1}, and no number {keys[index]}"
        )
        new = tuple(-1 if i == index else k for i, k in enumerate(keys))
        if len(elements) == len(keys):
            edits = [source.replace(elements[index], "-1")]
        title = "take the last one"
    fix = mender.offer(title, edits, lambda stand: stand[new], code=f"{name}[...]")
    return rule.finding(
        f"{said}.",
        cause=Cause(name, f"{name} is {shape_text(tensor.shape)}", place=evidence.where),
        fixes=(fix,) if fix else (),
    )
