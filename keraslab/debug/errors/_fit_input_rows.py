"""An ``Input`` declared with the shape of the whole array, samples included."""

from __future__ import annotations

import ast
from typing import Any

import keras

from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._fit_case import FitCase, Given, fit_case
from keraslab.debug._input_forms import fits_shape
from keraslab.debug._misfit import Array
from keraslab.debug._pairing import Slot
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import UNKNOWN, Source
from keraslab.debug._syntax import keyword_of
from keraslab.debug.errors._whole_arrays import counted_while_built
from keraslab.graph import Graph, keras_internals, skeleton

_BY_ROW = frozenset({
    "InputLayer", "Dense", "EinsumDense", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU",
    "Softmax", "Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout", "Identity",
    "BatchNormalization", "LayerNormalization", "Normalization", "Rescaling", "Add", "Multiply",
    "Concatenate", "Relu", "Gelu", "Silu", "Sigmoid", "Tanh",
})  # fmt: skip
"""They do the same with each row, so that a row may as well be a sample."""


@error_rule("KL723", "input-shape-counts-samples")
def input_shape_counts_samples(rule: Rule, evidence: Evidence) -> Finding | None:
    """``Input(shape=x.shape)``: the number of samples is in the shape of one sample."""
    built = counted_while_built(rule, evidence)
    if built is not None:
        return built
    case = fit_case(evidence)
    for given in case.given if case is not None else ():
        assert case is not None
        for slot in given.data.x.slots:
            found = _looked_at(rule, case, given, slot)
            if found is not None:
                return found
    return None


def _looked_at(rule: Rule, case: FitCase, given: Given, slot: Slot) -> Finding | None:
    array, wanted = slot.array, slot.spec.shape
    if array is None or given.unread or array.ndim < 2 or fits_shape(array, wanted):
        return None
    whole, sizes = wanted[1:], array.shape[1:]
    if len(whole) != array.ndim or None in whole or tuple(whole[1:]) != tuple(sizes):
        return None
    entry = case.graph.call_by_id[slot.call].operation
    made = case.evidence.made_at(entry)
    shape = _shape_in(made[1]) if made is not None else None
    source = made[0] if made is not None else None
    holder = _whose(source, shape, tuple(whole)) if source is not None else None
    if given.data.y is None:
        # One picture may have been declared by its own shape, and another one be predicted.
        if holder is None or len(whole) > 2 or array.shape == tuple(whole):
            return None
    elif not _counts(case, given, array, whole[0]):
        return None
    node = case.part(given.x_node, given.data.x, slot)
    said = holder or case.text(node, "x" if len(given.data.x.slots) == 1 else slot.name)
    written = f"{' × '.join(map(str, whole))}"
    text = source.text_of(shape) if source is not None and shape is not None else str(whole)
    of_one = _of_one_sample(source, shape, tuple(sizes))
    works = _works(case, slot.call, tuple(sizes))
    fix = Fix("leave the number of samples out", f"keras.Input(shape={of_one})", tried=bool(works))
    if source is not None and shape is not None:
        fix = case.fix(fix, source, [source.replace(shape, of_one)])
    return rule.finding(
        f"The input {slot.name!r} is declared as {written}, the shape of all of {said}: its "
        f"{whole[0]} samples are no part of the shape of one, {' × '.join(map(str, sizes))}.",
        cause=Cause(
            text,
            f"{text} counts the samples too",
            slot.call,
            source.place_of(made[1]) if source is not None and made is not None else None,
        ),
        fixes=() if works is False else (fix,),
        tensors=case.named((case.text(node, "x"), array)),
        graph=case.graph,
        calls=(slot.call,),
    )


def _shape_in(call: ast.Call) -> ast.expr | None:
    """The shape as it is written where an input is made."""
    return keyword_of(call, "shape") or (call.args[0] if call.args else None)


def _whose(source: Source, shape: ast.expr | None, whole: tuple[Any, ...]) -> str | None:
    """The variable whose shape is written; None where the shape is written in another way."""
    if isinstance(shape, ast.Tuple) and shape.elts:  # (x.shape[0], x.shape[1]), (len(x), 13)
        shape = shape.elts[0]
        if isinstance(shape, ast.Subscript):
            shape = shape.value
    held: ast.expr | None = None
    if isinstance(shape, ast.Attribute) and shape.attr == "shape":
        held = shape.value
    elif isinstance(shape, ast.Call) and len(shape.args) == 1:
        held = shape.args[0] if ast.unparse(shape.func) in ("np.shape", "len") else None
    if held is None:
        return None
    value = source.value_of(held)
    known = value is not UNKNOWN and hasattr(value, "shape")
    # Inside a function that has ended, its variables are not known any more.
    if known and tuple(value.shape) != whole:
        return None
    return source.text_of(held)


def _counts(case: FitCase, given: Given, array: Array, rows: int | None) -> bool:
    """Whether the targets say that the first axis of an array counts samples."""
    targets = given.data.y.slots if given.data.y is not None else ()
    if rows != len(array) or rows == 1 or not targets:
        return False
    for head, slot in zip(case.heads, targets, strict=True):
        if slot.array is None or not slot.array.ndim or len(slot.array) != rows:
            return False
        # Where there is an answer for each row, one sample may have as many targets as rows.
        if head.spec.shape[1:2] == (rows,) and not _is_by_row(case.graph):
            return False
    return True


def _works(case: FitCase, call: str, sizes: tuple[int, ...]) -> bool | None:
    """Whether the model can be made with another input; None where that is not known."""
    functional = keras_internals.functional_of(case.model)
    layers = keras_internals.layers_within(case.model)[1:]
    if functional is None or any(
        isinstance(each, keras.layers.Lambda) or not keras_internals.module_in_keras(type(each))
        for each in layers
    ):
        return None
    names = [case.graph.call_by_id[port.call].name for port in case.graph.inputs]
    wanted = case.graph.call_by_id[call].name
    try:
        with skeleton():
            tensors = [
                keras.Input(sizes if name == wanted else ref.shape[1:], dtype=ref.dtype)
                for name, ref in zip(names, functional.inputs, strict=True)
            ]
            packed = keras.tree.pack_sequence_as(functional.input, tensors)
            bare = keras.Model(functional.input, functional.output)  # it is not compiled
            keras.models.clone_model(bare, input_tensors=packed)
    except Exception:  # the layers do not take it
        return False
    return True


def _is_by_row(graph: Graph) -> bool:
    return all(call.type in _BY_ROW for call in graph.calls)


def _of_one_sample(source: Source | None, shape: ast.expr | None, sizes: tuple[int, ...]) -> str:
    """The same shape without its first size, as code."""
    if source is None or shape is None:
        return repr(sizes)
    if isinstance(shape, (ast.Tuple, ast.List)):
        if len(shape.elts) != len(sizes) + 1:
            return repr(sizes)
        parts = [source.text_of(each) for each in shape.elts[1:]]
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    plain = isinstance(shape, (ast.Name, ast.Attribute, ast.Call, ast.Subscript))
    return f"{source.text_of(shape)}[1:]" if plain else repr(sizes)
