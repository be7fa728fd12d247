"""Arrays that all fit, each for another input than the one it is given for."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from keraslab.debug._finding import Fix
from keraslab.debug._fit_case import FitCase, Given
from keraslab.debug._input_forms import fits_shape, input_misfit
from keraslab.debug._pairing import Slot

_PLAIN = (ast.Name, ast.Attribute, ast.Subscript)


def other_order(case: FitCase, given: Given) -> Iterator[Fix]:
    """The same arrays in the only order, or under the only names, in which each fits its input.

    Args:
        case: The training or prediction.
        given: Its arrays.
    """
    slots = given.data.x.slots
    if len(slots) < 2 or not given.data.x.fits or given.unread:
        return
    order = _order(slots)
    if order is None or order == list(range(len(slots))):
        return
    node = given.x_node
    if isinstance(given.x, Mapping):
        title = "give each input the array that fits it"
        texts = _by_key(case, node, slots, order)
        names = [slot.name for slot in slots]
        text = f"{{{', '.join(f'{n!r}: {t}' for n, t in zip(names, texts, strict=True))}}}"
    else:
        title = "give the arrays in the order of the inputs"
        text = _listed(case, node, order)
    yield case.written(Fix(title, f"x = {text}", tried=True), node, text)


def _order(slots: tuple[Slot, ...]) -> list[int] | None:
    """For each input, which of the arrays fits it; None where that is not sure."""
    order = []
    for slot in slots:
        fitting = []
        for index, other in enumerate(slots):
            if other.array is None or not fits_shape(other.array, slot.spec.shape):
                continue
            if input_misfit(Slot(slot.name, slot.spec, slot.call, other.array)) is None:
                fitting.append(index)
        if len(fitting) != 1:
            return None
        order += fitting
    return order if len(set(order)) == len(slots) else None


def _by_key(
    case: FitCase, node: ast.expr | None, slots: tuple[Slot, ...], order: list[int]
) -> list[str]:
    said = case.raw(node, "x")
    texts = [f"{said}[{slot.name!r}]" for slot in slots]
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            for index, slot in enumerate(slots):
                if isinstance(key, ast.Constant) and key.value == slot.name:
                    texts[index] = case.raw(value, texts[index])
    return [texts[index] for index in order]


def _listed(case: FitCase, node: ast.expr | None, order: list[int]) -> str:
    said = case.raw(node, "x")
    parts = node.elts if isinstance(node, (ast.List, ast.Tuple)) else []
    if len(parts) == len(order) and not any(isinstance(each, ast.Starred) for each in parts):
        return f"[{', '.join(case.raw(parts[index], said) for index in order)}]"
    if node is None or isinstance(node, _PLAIN):
        return f"[{', '.join(f'{said}[{index}]' for index in order)}]"
    return f"[({said})[i] for i in ({', '.join(map(str, order))})]"
