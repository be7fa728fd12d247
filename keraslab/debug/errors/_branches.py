"""Branches that lose positions beside others: poolings that also stride, heads on maps."""

from __future__ import annotations

import ast
from typing import Any

from keras import layers

from keraslab.debug import _rewire as rewire
from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Fix
from keraslab.debug._mend import Mender
from keraslab.debug._source import Source
from keraslab.debug._syntax import keyword_of

_POOLING = ("MaxPooling", "AveragePooling")


def without_strides(mender: Mender, tensors: tuple[Any, ...]) -> Fix | None:
    """Poolings of single branches that keep all positions, where no strides were written.

    Args:
        mender: Of the failing merge.
        tensors: What is merged.
    """
    evidence = mender.evidence
    above = [{id(each): each for each in evidence.upstream(tensor)} for tensor in tensors]
    changes: dict[int, tuple[Any, dict[str, Any]]] = {}
    for key, layer in {key: each for one in above for key, each in one.items()}.items():
        shared = all(key in one for one in above)
        if shared or not _pools(layer) or not _strides_left_out(evidence, layer):
            continue
        changes[key] = (layer, {"strides": 1, "padding": "same"})
        if layer.padding == "same":
            del changes[key][1]["padding"]
    if not changes:
        return None
    names = " and ".join(repr(layer.name) for layer, _ in changes.values())
    return rewire.settings(mender, f"let {names} keep all positions", changes)


def _pools(layer: Any) -> bool:
    return type(layer).__name__.startswith(_POOLING) and isinstance(layer, layers.Layer)


def _strides_left_out(evidence: Evidence, layer: Any) -> bool:
    """Whether a pooling strides only because its size says so."""
    made = evidence.made_at(layer)
    return made is not None and keyword_of(made[1], "strides") is None and len(made[1].args) < 2


def in_a_row(mender: Mender, tensors: tuple[Any, ...]) -> Fix | None:
    """Maps of as many channels, each with its positions in a row, as heads of a detector are.

    Args:
        mender: Of the failing merge.
        tensors: What is merged.
    """
    evidence = mender.evidence
    failing, source = evidence.failing, evidence.source
    rank, widths = len(tensors[0].shape), {tensor.shape[-1] for tensor in tensors}
    if failing is None or source is None or rank < 4 or len(widths) > 1 or None in widths:
        return None
    if getattr(failing.operation, "axis", None) not in (1, -2):
        return None
    (width,) = widths

    def work(*stands: Any) -> Any:
        return mender.trial.again(*[layers.Reshape((-1, width))(stand) for stand in stands])

    title = "put the positions of each into a row"
    written = mender.layer("Reshape", f"(-1, {width})")
    if all(evidence.expression_of(tensor) is not None for tensor in tensors):
        return mender.around(title, [(tensor, written) for tensor in tensors], work)
    node = _list_of(source)
    if node is None:
        return None
    taken = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    each = next(name for name in ("head", "each", "part", "branch") if name not in taken)
    text = f"[{written}({each}) for {each} in {source.text_of(node)}]"
    return mender.offer(title, [source.replace(node, text)], work)


def _list_of(source: Source) -> ast.expr | None:
    """The part of the failing line that is the list of what is merged."""
    call = source.node
    if not isinstance(call, ast.Call) or not call.args or isinstance(call.args[0], ast.Starred):
        return None
    return call.args[0]
