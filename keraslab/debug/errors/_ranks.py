"""Layers that want tensors of more or fewer axes than they get."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import layers

from keraslab.debug import _rewire as rewire
from keraslab.debug._above import KINDS, cause_of, dropper, wanted_rank
from keraslab.debug._evidence import Evidence, maker_of, shape_text
from keraslab.debug._finding import Finding, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._rewire import Step
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug.errors._pooled import pooled_before, without_pooling


@error_rule(
    "KL506",
    "layer-of-other-rank",
    origins=(
        "layers.input_spec:assert_input_compatibility",
        "ops.operation_utils:compute_conv_output_shape",
    ),
)
def other_rank(rule: Rule, evidence: Evidence) -> Finding | None:
    """A layer for images on a vector, a layer for sequences on an image, and the like."""
    failing = evidence.failing
    if failing is None or len(evidence.tensors) != 1 or isinstance(failing.operation, keras.Model):
        return None
    operation, (tensor,) = failing.operation, evidence.tensors
    rank, wanted = len(tensor.shape), wanted_rank(operation)
    if wanted is None or rank == wanted:
        return None
    name = evidence.says(tensor)
    pooled = pooled_before(evidence, tensor, wanted)
    said, cause = pooled if pooled is not None else ("", cause_of(evidence, tensor, wanted))
    return rule.finding(
        f"{operation.name!r} ({type(operation).__name__}) takes {KINDS.get(wanted, '')} of "
        f"{wanted} axes, and {name} is {KINDS.get(rank, 'a tensor')} of {rank} "
        f"({shape_text(tensor.shape)}){': ' + said if said else ''}.",
        cause=cause,
        fixes=tuple(_fitted(evidence, operation, tensor, rank, wanted)),
    )


def _fitted(evidence: Evidence, operation: Any, tensor: Any, rank: int, wanted: int) -> list[Fix]:
    mender = Mender(evidence)
    fixes: list[Fix | None] = []
    lost = dropper(evidence, tensor, wanted) if rank < wanted else None
    if lost is not None and (_is_global(operation) or isinstance(lost[0], keras.Model)):
        if _is_global(operation) and rank == 2:
            title = f"leave out {operation.name!r}: {evidence.says(tensor)} is a vector already"
            fixes.append(rewire.without(mender, title, operation))
        fixes.append(without_pooling(mender, tensor, wanted))
    if lost is not None and not isinstance(lost[0], keras.Model):
        title = f"leave out {lost[0].name!r}"
        if len(lost[1].shape) == wanted:
            fixes.append(rewire.without(mender, title, lost[0]))
    if isinstance(operation, layers.Permute):
        dims = tuple(range(1, rank))
        dims = (*dims[:-2], dims[-1], dims[-2]) if rank > 2 else dims
        fixes.append(mender.setting(f"name all {rank - 1} axes", operation, dims=dims))
    if isinstance(operation, layers.RepeatVector):
        fixes += _one_vector(mender, tensor)
    if _is_global(operation) and rank == 2 and lost is None:
        title = f"leave out {operation.name!r}: {evidence.says(tensor)} is a vector already"
        fixes.append(rewire.without(mender, title, operation))
    other = _class_for(operation, rank)
    same_kind = rewire.instead(mender, f"use {other}", operation, other) if other else None
    arranged = [
        rewire.ahead(mender, how, tensor, steps) for how, steps in _arranged(tensor, rank, wanted)
    ]
    if _is_global(operation) and lost is not None:
        arranged = []  # what was pooled, or put into a row, has no positions to give back
    first_layer = isinstance(maker_of(tensor), layers.InputLayer)
    fixes += [*arranged, same_kind] if first_layer and rank < wanted else [same_kind, *arranged]
    if rank == wanted + 1:
        fixes.append(_in_each_step(mender, operation, tensor))
    return [fix for fix in fixes if fix is not None][:4]


def _is_global(operation: Any) -> bool:
    return type(operation).__name__.startswith("Global")


def _one_vector(mender: Mender, tensor: Any) -> list[Fix | None]:
    """One vector of a sequence: the last step of what made it, or its mean."""
    maker = rewire.line_above(tensor)
    fixes: list[Fix | None] = []
    if getattr(maker, "return_sequences", False) and maker_of(tensor) is maker:
        title = f"let {maker.name!r} give its last step"
        fixes.append(mender.setting(title, maker, return_sequences=False))
    rank = len(tensor.shape)
    if rank in (3, 4, 5):
        pooling = Step(f"GlobalAveragePooling{rank - 2}D")
        fixes.append(rewire.ahead(mender, "average over the positions", tensor, [pooling]))
    return fixes


def _class_for(operation: Any, rank: int) -> str | None:
    """The class of the same kind for tensors of another rank."""
    name = type(operation).__name__
    for digit in "123":
        if name.endswith(f"{digit}D") or f"{digit}DTranspose" in name:
            other = name.replace(f"{digit}D", f"{rank - 2}D")
            return other if hasattr(layers, other) and other != name else None
    return None


def _arranged(tensor: Any, rank: int, wanted: int) -> list[tuple[str, list[Step]]]:
    """Ways to arrange the values of a tensor on as many axes as are wanted."""
    sizes = tuple(tensor.shape[1:])
    if rank == wanted - 1 and rank > 2:
        if sum(n is None for n in sizes) > 1:
            return []
        shape = tuple(-1 if n is None else n for n in sizes)
        return [("add an axis for one channel", [Step("Reshape", ((*shape, 1),))])]
    if rank == 1 and wanted == 2:
        return [("make a vector of one value of it", [Step("Reshape", ((1,),))])]
    if rank == 2 and wanted == 3 and sizes[0] is not None:
        return [("take the values for steps of one feature", [Step("Reshape", ((sizes[0], 1),))])]
    if rank == 2 and wanted == 4 and sizes[0] is not None:
        ways = [
            (f"arrange it as an image of {_by(s)}", [Step("Reshape", (s,))])
            for s in images(sizes[0])
        ]
        grid = [Step("Dense", (8 * 8 * 16,)), Step("Reshape", ((8, 8, 16),))]
        return [*ways[:2], ("compute an image from it with a Dense layer", grid)][:2]
    if rank == 4 and wanted == 3 and None not in sizes:
        flat = (sizes[0] * sizes[1], sizes[2])
        return [("put all positions in a row", [Step("Reshape", (flat,))])]
    if rank == 3 and wanted == 2 and None not in sizes:
        return [("flatten it", [Step("Flatten")])]
    return []


def images(size: int) -> list[tuple[int, int, int]]:
    """Square images of so many values, those with few channels first."""
    found = []
    for channels in (1, 3, 4, *range(8, 1025, 8)):
        side = math.isqrt(size // channels) if size % channels == 0 else 0
        if side > 2 and side * side * channels == size:
            found.append((side, side, channels))
    return found


def _by(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _in_each_step(mender: Mender, operation: Any, tensor: Any) -> Fix | None:
    """The layer on each step of a sequence, with TimeDistributed."""
    made = mender.evidence.made_at(operation)
    if tensor.shape[1] is None and len(tensor.shape) < 4:
        return None
    edit = None
    if made is not None:
        source, call = made
        wrapping = source.written("layers", "TimeDistributed")
        edit = source.wrap(call, f"{wrapping}(")
    return mender.offer(
        f"use {operation.name!r} on each step",
        [edit],
        lambda stand: layers.TimeDistributed(mender.trial.copied(operation))(stand),
        code=f"keras.layers.TimeDistributed({type(operation).__name__}(...))",
        source=made[0] if made is not None else None,
    )
