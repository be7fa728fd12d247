"""Whole recurrent layers where the cells of an ``RNN`` belong."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from keras import layers

from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._mend import changed_lines
from keraslab.debug._names import listed
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source

_CELLS: dict[type, str] = {
    layers.LSTM: "LSTMCell",
    layers.GRU: "GRUCell",
    layers.SimpleRNN: "SimpleRNNCell",
}
_OUTER = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")
"""What a layer takes that its cell does not."""


@error_rule(
    "KL608",
    "layers-as-cells",
    origins=("backend.common.variables:Variable._validate_shape", "layers.rnn.rnn:*"),
)
def layers_as_cells(rule: Rule, evidence: Evidence) -> Finding | None:
    """``RNN([LSTM(8), LSTM(8)])``: an RNN steps through time itself, and wants cells."""
    source = evidence.source
    outer = next(_outer(evidence), None)
    if outer is None or source is None:
        return None
    wrong: list[Any] = [each for each in _cells_of(outer) if type(each) in _CELLS]
    if not wrong:
        return None
    kinds = list(dict.fromkeys(type(each) for each in wrong))
    wanted = " and ".join(_CELLS[kind] for kind in kinds)
    names = " and ".join(kind.__name__ for kind in kinds)
    called = listed([each.name for each in wrong], most=3)
    are = "are whole layers" if len(wrong) > 1 else "is a whole layer"
    goes = "go" if len(wrong) > 1 else "goes"
    written = _written(source, wrong)
    place = source.place_of(written[0]) if written else source.place
    return rule.finding(
        f"{called} ({names}) {are} that {goes} through all steps, and {outer.name!r} "
        f"({type(outer).__name__}) goes through them itself: it takes cells, which do one step "
        f"({wanted}).",
        cause=Cause(names, f"{names} makes a layer, and here a cell is wanted", place=place),
        fixes=tuple(_as_cells(source, written, kinds)),
    )


def _outer(evidence: Evidence) -> Iterator[Any]:
    """The RNNs, or stacks of cells, that were called when it failed, the outermost first."""
    for applied in evidence.applied:
        operation = applied.operation
        inner = getattr(operation, "forward_layer", None) or operation
        if type(inner) in (layers.RNN, layers.StackedRNNCells):
            yield inner


def _cells_of(outer: Any) -> list[Any]:
    held = outer.cell if isinstance(outer, layers.RNN) else outer
    if isinstance(held, layers.StackedRNNCells):
        return list(held.cells)
    return [held]


def _written(source: Source, wrong: list[Any]) -> list[ast.Call]:
    """The calls of this text that made the layers."""
    kinds = {type(each) for each in wrong}
    inside = [call for call in source.calls() if source.value_of(call.func) in kinds]
    sure = [call for call in inside if any(source.makes(call, each) for each in wrong)]
    return [call for call in sure if _is_given_away(source, call)]


def _is_given_away(source: Source, call: ast.Call) -> bool:
    """Whether a layer is made where it is given away as a cell, and not called at once."""
    parent = source.parent_of(call)
    return not (isinstance(parent, ast.Call) and parent.func is call)


def _as_cells(source: Source, written: list[ast.Call], kinds: list[type]) -> Iterator[Fix]:
    """The cell of each layer in its place."""
    edits = []
    for call in written:
        kind = source.value_of(call.func)
        given = [source.text_of(each) for each in call.args]
        for each in call.keywords:
            value = source.text_of(each.value)
            if each.arg not in _OUTER:
                given.append(f"{each.arg}={value}" if each.arg else f"**{value}")
        name = source.written("layers", _CELLS[kind])
        edits.append(source.replace(call, f"{name}({', '.join(given)})"))
    if edits:
        cells = " and ".join(_CELLS[kind] for kind in kinds)
        fix = Fix(f"make cells: {cells}", "", edits=tuple(edits))
        yield Fix(fix.title, changed_lines(source.text, fix), edits=fix.edits)
