"""Whether data fit a model: said in one sentence before anything is trained."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


def misfit(model: Any, example: tuple[Any, ...]) -> str | None:
    """Why examples do not fit a model's inputs and outputs; None where nothing speaks against it.

    Args:
        model: The model. Of one that does not know its inputs, nothing can be said.
        example: ``x``, ``y`` and more of a few examples.
    """
    inputs = _declared(model, "inputs")
    if inputs is None:
        return None
    said = _differs(example[0], inputs, _input_names(model, inputs), "input", "inputs", _input_fits)
    if said or len(example) < 2:
        return said
    outputs = _declared(model, "outputs")
    if outputs is None:
        return None
    return _differs(example[1], outputs, _output_names(model), "output", "outputs", _output_fits)


def _declared(model: Any, what: str) -> list[Any] | None:
    try:
        found = getattr(model, what)
    except Exception:  # a model that is not built yet
        return None
    return list(found) if found else None


def _input_names(model: Any, inputs: list[Any]) -> list[str]:
    """The keys of a dict of inputs, or the names of several."""
    try:
        structure = model.input
    except AttributeError:  # a Sequential model has none of its own
        structure = None
    if isinstance(structure, dict):
        return [str(key) for key in structure]
    return [str(each.name) for each in inputs]


def _output_names(model: Any) -> list[str]:
    return [str(name) for name in getattr(model, "output_names", None) or ()]


def _differs(
    given: Any, declared: list[Any], names: list[str], one: str, many: str, fits: Any
) -> str | None:
    if isinstance(given, dict):
        missing = [name for name in names if name not in given]
        if one == "input" and missing:
            return (
                f"Its {many} are {_listed(names)}, and the data name {_listed(list(given))}: "
                f"there is no {missing[0]!r}."
            )
        pairs = [
            (name, given[name], tensor)
            for name, tensor in zip(names, declared, strict=False)
            if name in given
        ]
        if one == "output" and not pairs:
            return None  # named by the keys of a dict of outputs; trying it out will tell
    else:
        leaves = keras.tree.flatten(given)
        if len(leaves) != len(declared):
            return (
                f"It has {_count(len(declared), one)}, and the data have {len(leaves)}. "
                "Variants of one comparison train on the same data."
            )
        names = names or [str(place) for place in range(len(leaves))]
        names = names if len(leaves) > 1 else [""]
        pairs = list(zip(names, leaves, declared, strict=False))
    for name, leaf, tensor in pairs:
        wanted, shape = tuple(tensor.shape)[1:], np.shape(leaf)[1:]
        if not fits(shape, wanted):
            which = f"{one} {name!r}" if name else one
            return (
                f"Its {which} has the shape {_shape(wanted)}, and that of the data is "
                f"{_shape(shape)}. Variants of one comparison train on the same data."
            )
    return None


def _input_fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    """Keras adds or takes away a last axis of length 1."""
    if len(shape) + 1 == len(wanted) and wanted[-1] == 1:
        shape = (*shape, 1)
    if len(shape) == len(wanted) + 1 and shape[-1] == 1:
        shape = shape[:-1]
    return len(shape) == len(wanted) and all(
        b is None or a == b for a, b in zip(shape, wanted, strict=True)
    )


def _output_fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    """Whole-number labels lack the last axis, or have it with length 1; the loss knows more."""
    if len(shape) != len(wanted):
        return abs(len(shape) - len(wanted)) == 1 or not wanted
    pairs = list(zip(shape, wanted, strict=True))
    return all(b is None or a == b for a, b in pairs[:-1]) and (
        not pairs or pairs[-1][1] in (None, 1, pairs[-1][0]) or pairs[-1][0] == 1
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _shape(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
