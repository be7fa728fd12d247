"""Shortcuts brought to the shape of the other branch, in code that runs more than once."""

from __future__ import annotations

import ast
from typing import Any

from keras import layers

from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Fix
from keraslab.debug._mend import Mender
from keraslab.debug._source import Source
from keraslab.debug.errors._merge_parts import CONVOLUTION


def repeats(evidence: Evidence) -> bool:
    """Whether the failing line stands in a function or loop, where sizes change."""
    source = evidence.source
    return source is not None and source.node is not None and not source.runs_once(source.node)


def size_of(evidence: Evidence, tensor: Any, width: Any) -> str:
    """A number of channels as code: that of a variable where the line runs again."""
    node = evidence.expression_of(tensor)
    if repeats(evidence) and isinstance(node, ast.Name):
        return f"{node.id}.shape[-1]"
    return str(width)


def where_they_differ(mender: Mender, tensor: Any, other: Any) -> Fix | None:
    """A projection of one branch, for those rounds of a loop or calls of a function that need it.

    Args:
        mender: Of the failing merge.
        tensor: The branch that is brought to the shape of the other.
        other: The other branch.
    """
    evidence, source = mender.evidence, mender.evidence.source
    node, beside = evidence.expression_of(tensor), evidence.expression_of(other)
    if source is None or not isinstance(node, ast.Name) or not isinstance(beside, ast.Name):
        return None
    rank = len(tensor.shape)
    if not repeats(evidence) or None in (*tensor.shape[1:], *other.shape[1:]) or rank > 5:
        return None
    kind = CONVOLUTION.get(rank, "Dense")
    pairs = zip(tensor.shape[1:-1], other.shape[1:-1], strict=True)
    ratios = {-(-one // two) for one, two in pairs} if rank > 2 else {1}
    if len(ratios) != 1 or 0 in ratios:
        return None
    (ratio,) = ratios
    width = f"{beside.id}.shape[-1]"
    settings, values = [width], [other.shape[-1]]
    named: dict[str, int] = {}
    if rank > 2:
        stride = _stride(source, ratio)
        if stride is None and ratio > 1:
            stride = f"-(-{node.id}.shape[1] // {beside.id}.shape[1])"
        settings += ["1", *([f"strides={stride}"] if stride else [])]
        values, named = [*values, 1], {"strides": ratio}
    layer = mender.layer(kind, ", ".join(settings))
    code = f"if {node.id}.shape != {beside.id}.shape:\n    {node.id} = {layer}({node.id})"

    def work(*stands: Any) -> Any:
        made = [
            getattr(layers, kind)(*values, **named)(stand) if each is tensor else stand
            for each, stand in zip(evidence.tensors, stands, strict=True)
        ]
        return mender.trial.again(*made)

    title = f"project {node.id} to the shape of {beside.id} where the two differ"
    return mender.offer(title, [source.before(code)], work, code=code)


def _stride(source: Source, ratio: int) -> str | None:
    """The variable of this function that says how far its convolutions step."""
    for call in source.calls():
        for each in call.keywords:
            known = each.arg == "strides" and isinstance(each.value, ast.Name)
            if known and source.value_of(each.value) in (ratio, (ratio, ratio)):
                return source.text_of(each.value)
    return None
