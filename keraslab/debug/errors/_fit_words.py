"""Text where numbers are wanted: classes with names, and inputs not declared as text."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import keras
import numpy as np

from keraslab.debug._finding import Fix
from keraslab.debug._fit_case import FitCase
from keraslab.debug._heads import Head
from keraslab.debug._labels import label_misfit
from keraslab.debug._pairing import Slot
from keraslab.graph import keras_internals, skeleton

_TEXT = frozenset({"TextVectorization", "StringLookup", "Hashing", "HashedCrossing"})
"""Layers that take text."""


def numbered(case: FitCase, head: Head) -> Iterator[Fix]:
    """Class numbers in place of names, where the variables are used again further down.

    Targets to validate with are numbered by the same names.

    Args:
        case: The training.
        head: The output.
    """
    source = case.evidence.source
    held: list[tuple[str, np.ndarray[tuple[int, ...], np.dtype[np.str_]]]] = []
    for given in case.given:
        slot = given.data.y.slots[head.index] if given.data.y is not None else None
        node = case.part(given.y_node, given.data.y, slot) if slot and given.data.y else None
        if slot is None or slot.array is None or slot.array.dtype.kind not in "OSU":
            continue
        if not isinstance(node, ast.Name) or given.unread:
            return
        held.append((node.id, slot.array.astype(str)))
    if source is None or not held or not case.has_names("np.unique({})"):
        return
    if len(held) == 1 and not _is_used_below(case, held[0][0]):
        return
    first, names = held[0][0], np.unique(held[0][1])
    if any(not np.isin(array, names).all() for _, array in held):
        return
    if any(label_misfit(head, np.searchsorted(names, array)) is not None for _, array in held):
        return
    code = f"{first} = np.unique({first}, return_inverse=True)[1]"
    if len(held) > 1:
        each = [f"{name} = np.searchsorted(names, {name})" for name, _ in held]
        code = "\n".join([f"names = np.unique({first})", *each])
    fix = Fix("number the classes", code, f"{len(held[0][1])}", tried=True)
    edit = source.before(code)
    if edit is not None:
        yield case.fix(fix, source, [edit])


def _is_used_below(case: FitCase, name: str) -> bool:
    """Whether a variable of the failing call stands further down too."""
    source = case.evidence.source
    last = source.statement.end_lineno if source is not None and source.statement else None
    if source is None or source.tree is None or last is None:
        return False
    return any(
        isinstance(each, ast.Name) and each.id == name and each.lineno > last
        for each in ast.walk(source.tree)
    )


def declared_as_text(case: FitCase, slot: Slot) -> Iterator[Fix]:
    """An input of text, where only layers that take text come after it.

    Args:
        case: The training.
        slot: The input, and the array that holds text.
    """
    if slot.array is None or slot.array.dtype.kind not in "OSU":
        return
    edges = case.graph.edges_from[slot.call]
    takers = [case.graph.call_by_id[edge.target] for edge in edges]
    if not takers or any(call.type not in _TEXT for call in takers):
        return
    fix = Fix(
        "declare the input as text",
        f'keras.Input({slot.spec.shape[1:]!r}, name={slot.name!r}, dtype="string")',
        tried=_works(case, slot),
    )
    made = case.evidence.made_at(case.graph.call_by_id[slot.call].operation)
    if made is not None:
        source, node = made
        edit = source.keyword(node, "dtype", '"string"', ("shape", "batch_size", "dtype"))
        fix = case.fix(fix, source, [edit])
    yield fix


def _works(case: FitCase, slot: Slot) -> bool:
    """Whether the model can be made with that input."""
    functional = keras_internals.functional_of(case.model)
    names = [case.graph.call_by_id[port.call].name for port in case.graph.inputs]
    wanted = case.graph.call_by_id[slot.call].name
    if functional is None:
        return False
    kinds = keras_internals.layers_within(case.model)[1:]
    if any(not keras_internals.module_in_keras(type(each)) for each in kinds):
        return False
    try:
        with skeleton():
            tensors = [
                keras.Input(ref.shape[1:], dtype="string" if name == wanted else ref.dtype)
                for name, ref in zip(names, functional.inputs, strict=True)
            ]
            packed = keras.tree.pack_sequence_as(functional.input, tensors)
            keras.models.clone_model(functional, input_tensors=packed)
    except Exception:  # it cannot be made again
        return False
    return True
