"""Do targets have the form, the range and the shape that an output and its loss ask for?"""

from __future__ import annotations

from typing import Any

import numpy as np

from keraslab.debug._heads import BINARY, DISTANCES, Head
from keraslab.debug._misfit import Array, Mend, Misfit
from keraslab.debug._names import count
from keraslab.debug._pairing import is_integer_valued, is_numeric, part_of, sample_text

SPARSE = frozenset({"sparse_categorical_crossentropy"})
ONE_HOT = frozenset({"categorical_crossentropy", "categorical_focal_crossentropy"})
_ELEMENTWISE = frozenset(
    {
        "hinge",
        "squared_hinge",
        "poisson",
        "kl_divergence",
        "cosine_similarity",
        *DISTANCES,
        *BINARY,
        *ONE_HOT,
    }
)
_ALLOWED = 1e-4
"""How far beyond its limits a target may be by rounding."""


def label_misfit(head: Head, target: Array, said: str = "y") -> Misfit | None:
    """What about the targets of an output does not fit; the first thing found.

    Args:
        head: The output.
        target: Its targets.
        said: What they are called.
    """
    if head.loss is None or head.loss.name is None:
        return None
    for look in (_strings, _form, _shape, _range, _fractions, _binary_range, _reach):
        found: Misfit | None = look(head, target, said)
        if found is not None:
            return found
    return None


def _strings(_head: Head, target: Array, said: str) -> Misfit | None:
    if target.dtype.kind not in "OSU":
        return None
    if target.dtype.kind == "O" and not any(isinstance(v, str) for v in target.ravel()[:50]):
        return None

    def numbered(array: Array) -> Array:
        return np.unique(array.astype(str), return_inverse=True)[1].reshape(array.shape)

    return Misfit(
        "strings",
        f"{said} holds text, such as {str(target.ravel()[0])!r}; a loss compares numbers.",
        f"the classes in {said} have names, not numbers",
        (Mend("number the classes", "np.unique({}, return_inverse=True)[1]", numbered),),
    )


def _form(head: Head, target: Array, said: str) -> Misfit | None:
    """One-hot rows where class numbers are wanted, or the other way round."""
    loss, units = head.loss, head.units
    rank = len(head.spec.shape)
    if loss is None or units is None or units < 2 or not is_numeric(target):
        return None
    rows = target.ndim == rank and target.shape[-1] == units
    numbers = target.ndim == rank - 1 or (target.ndim == rank and target.shape[-1] == 1)
    if loss.name in SPARSE and rows:
        what = "one-hot rows" if _is_one_hot(target) else f"rows of {units} numbers"
        mends = (Mend("turn the rows into class numbers", "{}.argmax(-1)", _argmax),)
        dense = "keras.losses.CategoricalCrossentropy(from_logits=True)"
        return Misfit(
            "one-hot",
            f"{said} ({sample_text(target)}) holds {what}, and {loss.said} wants one class "
            f"number for each sample ({sample_text(target[..., 0])}).",
            f"{said} is one-hot"
            if _is_one_hot(target)
            else f"{said} has {units} numbers for each sample",
            mends if _is_one_hot(target) else (),
            (
                (
                    "let the loss take rows",
                    dense if loss.from_logits else "'categorical_crossentropy'",
                ),
            ),
            loss_first=True,
        )
    if loss.name in ONE_HOT and numbers and is_integer_valued(part_of(target)):
        sparse = "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"
        return Misfit(
            "numbers",
            f"{said} ({sample_text(target)}) holds class numbers, one for each sample, and "
            f"{loss.said} compares rows of {units}: a 1 at the class, 0 elsewhere (one-hot).",
            f"{said} gives the number of the class, where a one-hot row of {units} is needed",
            (
                Mend(
                    "make one-hot rows",
                    f"keras.utils.to_categorical({{}}, {units})",
                    lambda array: _one_hot(array, units),
                ),
            ),
            (
                (
                    "let the loss take class numbers",
                    sparse if loss.from_logits else "'sparse_categorical_crossentropy'",
                ),
            ),
            loss_first=True,
        )
    return None


def _argmax(array: Array) -> Array:
    return np.asarray(array.argmax(-1))


def _is_one_hot(target: Array) -> bool:
    part = part_of(target)
    return bool(((part == 0) | (part == 1)).all() and (part.sum(-1) == 1).all())


def _one_hot(array: Array, units: int) -> Array:
    numbers = array.reshape(array.shape[:-1] if array.shape[-1:] == (1,) else array.shape)
    rows: Array = np.eye(units, dtype="float32")[numbers.astype(int)]
    return rows


def _shape(head: Head, target: Array, said: str) -> Misfit | None:
    """Targets of another shape than the output; some losses stretch one over the other."""
    loss, wanted = head.loss, head.spec.shape
    assert loss is not None
    by_rank = loss.name == "crossentropy" and target.ndim < len(wanted)
    if loss.name in SPARSE or by_rank:
        wanted = wanted[:-1]
        if target.ndim == len(wanted) + 1 and target.shape[-1] == 1:
            target = target[..., 0]
    elif loss.name not in _ELEMENTWISE and loss.name != "crossentropy":
        return None
    have = (None, *target.shape[1:])
    if len(have) == len(wanted) + 1 and have[-1] == 1:
        have = have[:-1]
    elif len(wanted) == len(have) + 1 and wanted[-1] == 1:
        wanted = wanted[:-1]
    if len(have) == len(wanted) and all(
        a is None or b is None or a == b for a, b in zip(have[1:], wanted[1:], strict=True)
    ):
        return None
    # A loss stretches size 1 over any other; classes are compared strictly.
    stretched = len(have) == len(wanted) and all(
        a is None or b is None or 1 in (a, b) or a == b
        for a, b in zip(have[1:], wanted[1:], strict=True)
    )
    if stretched and not loss.is_classes:
        return Misfit(
            "stretched",
            f"{said} ({sample_text(target)}) is stretched over the {head.spec.text} of "
            f"{head.layer!r}: every value is compared with all of them.",
            f"{head.layer!r} gives {head.spec.text}",
            settings=_unit_settings(head, target),
        )
    return Misfit(
        "shape",
        f"{said} is {sample_text(target)}, and {head.layer!r} gives {head.spec.text}.",
        f"{said} and the output {head.name!r} differ in shape",
        _shape_mends(target, wanted),
        settings=() if loss.name in SPARSE else _unit_settings(head, target),
    )


def _unit_settings(head: Head, target: Array) -> tuple[tuple[str, dict[str, Any]], ...]:
    if len(head.spec.shape) == 2 and target.ndim in (1, 2):
        units = target.shape[1] if target.ndim == 2 else 1
        return ((f"give {count(units, 'value')} for each sample", {"units": units}),)
    return ()


def _shape_mends(target: Array, wanted: tuple[int | None, ...]) -> tuple[Mend, ...]:
    sizes = wanted[1:]
    if None in sizes or target.ndim < 1 or len(target) == 0:
        return ()
    if target[0].size == np.prod([s or 1 for s in sizes], dtype=int) and target.ndim != len(wanted):
        shape = ", ".join(str(size) for size in sizes)
        new = (-1, *[s or 1 for s in sizes])
        return (
            Mend(
                "give it the shape of the output",
                f"{{}}.reshape(-1, {shape})" if shape else "{}.reshape(-1)",
                lambda array: array.reshape(new),
            ),
        )
    return ()


def _range(head: Head, target: Array, said: str) -> Misfit | None:
    """Class numbers that the output has no unit for."""
    loss, units = head.loss, head.units
    sparse = loss is not None and (loss.name in SPARSE or loss.name == "crossentropy")
    if loss is None or not sparse or units is None or not is_numeric(target) or not target.size:
        return None
    if loss.name == "crossentropy" and target.ndim == len(head.spec.shape):
        return None
    part = part_of(target)
    ignored = (loss.settings or {}).get("ignore_class")
    if ignored is not None:
        part = part[part != ignored]
    if not part.size or not np.isfinite(part).all():
        return None
    low, high = part.min(), part.max()
    if low >= 0 and high < units:
        return None
    has = f"{head.layer!r} has {units} units, for the classes 0 to {units - 1}"
    if low == 1 and high == units:
        return Misfit(
            "range",
            f"{said} numbers the classes from 1 to {high:g}, and {has}.",
            f"the classes in {said} start at 1",
            (Mend("start at 0", "{} - 1", lambda array: array - 1),),
            settings=(("leave a unit for class 0", {"units": int(high) + 1}),),
        )
    if low < 0:
        padding = low == -1 and high < units
        message = f"{said} holds the class {low:g}, and {has}."
        cause = f"{said} marks some samples with {low:g}" if padding else f"{said} goes below 0"
        logits = "from_logits=True, " if loss.from_logits else ""
        without = f"keras.losses.SparseCategoricalCrossentropy({logits}ignore_class=-1)"
        losses = (("leave these samples out", without),)
        mends: tuple[Mend, ...] = ()
        if set(np.unique(part)) <= {-1, 1} and units == 2:
            mends = (Mend("number them 0 and 1", "({} + 1) // 2", lambda a: (a + 1) // 2),)
        return Misfit("range", message, cause, mends, losses if padding else ())
    present = len(np.unique(part))
    mends = ()
    if present <= units:
        mends = (
            Mend(
                "number the classes that occur from 0",
                "np.unique({}, return_inverse=True)[1]",
                lambda array: np.unique(array, return_inverse=True)[1].reshape(array.shape),
            ),
        )
    return Misfit(
        "range",
        f"{said} holds the class {high:g}, and {has}.",
        f"{head.layer!r} has too few units",
        mends,
        settings=(
            ((f"give {int(high) + 1} classes", {"units": int(high) + 1}),) if high < 1e5 else ()
        ),
    )


def _fractions(head: Head, target: Array, said: str) -> Misfit | None:
    if head.loss is None or head.loss.name not in SPARSE or not is_numeric(target):
        return None
    part = part_of(target)
    if not np.isfinite(part).all() or is_integer_valued(part):
        return None
    example = part[part % 1 != 0].ravel()[0]
    return Misfit(
        "fractions",
        f"{said} holds fractions, such as {example:g}, and {head.loss.said} wants class numbers.",
        f"{said} holds no class numbers",
        losses=(("learn the numbers", "'mse'"),) if head.units == 1 else (),
    )


def _binary_range(head: Head, target: Array, said: str) -> Misfit | None:
    """Targets of a yes-or-no loss that are not between 0 and 1."""
    loss = head.loss
    if loss is None or not (loss.name in BINARY or loss.name in ONE_HOT) or not is_numeric(target):
        return None
    part = part_of(target)
    if not part.size or not np.isfinite(part).all():
        return None
    low, high = float(part.min()), float(part.max())
    if low >= -_ALLOWED and high <= 1 + _ALLOWED:
        return None
    values = set(np.unique(part).tolist()) if part.size < 1e6 else set()
    mends: tuple[Mend, ...] = ()
    if values == {1, 2}:
        mends = (Mend("make them 0 and 1", "{} - 1", lambda array: array - 1),)
    elif values == {-1, 1}:
        mends = (Mend("make them 0 and 1", "({} + 1) / 2", lambda array: (array + 1) / 2),)
    elif low == 0 and len(values) == 2:
        mends = (
            Mend("make them 0 and 1", "({} > 0).astype('float32')", lambda a: (a > 0).astype("f")),
        )
    elif low >= 0 and 1 < high <= 255:
        mends = (Mend("bring it between 0 and 1", "{} / 255", lambda array: array / 255),)
    return Misfit(
        "binary-range",
        f"{said} goes from {low:g} to {high:g}, and {loss.said} wants values between 0 and 1.",
        f"{said} holds no probabilities",
        mends,
    )


def _reach(head: Head, target: Array, said: str) -> Misfit | None:
    """Numbers that the last activation can never give."""
    loss, reach = head.loss, head.reach
    if loss is None or not loss.is_distance or reach is None or not is_numeric(target):
        return None
    part = part_of(target)
    if not part.size or not np.isfinite(part).all():
        return None
    low, high = float(part.min()), float(part.max())
    span = max(high - low, 1e-12)
    if low >= reach[0] - 0.02 * span and high <= reach[1] + 0.02 * span:
        return None
    mends: tuple[Mend, ...] = ()
    if 1 < high <= 255 and low >= 0 and reach[1] == 1 and is_integer_valued(part):
        mends = (Mend("bring it between 0 and 1", "{} / 255", lambda array: array / 255),)
    limits = f"between {reach[0]:g} and {reach[1]:g}" if reach[1] < np.inf else "not below 0"
    if reach[0] == -np.inf:
        limits = f"not above {reach[1]:g}"
    return Misfit(
        "reach",
        f"{said} goes from {low:g} to {high:g}, and {head.layer!r} applies {head.activation}, "
        f"whose values lie {limits}.",
        f"{head.activation} cannot give such values",
        mends,
        settings=(("give any number", {"activation": "linear"}),),
    )
