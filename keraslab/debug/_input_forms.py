"""Do arrays have the shape, the dtype and the range that an input asks for?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from keraslab.debug._misfit import Array, Mend, Misfit
from keraslab.debug._pairing import Slot, is_integer_valued, is_numeric, part_of, sample_text
from keraslab.graph import Call, Edge, Graph

_PASSING = frozenset(
    {"Reshape", "Flatten", "Permute", "GetItem", "Cast", "Identity", "ExpandDims", "Squeeze"}
)


def input_misfit(slot: Slot, said: str = "x", graph: Graph | None = None) -> Misfit | None:
    """What about the array for an input does not fit; the first thing found.

    Args:
        slot: The input and its array.
        said: What the array is called.
        graph: The model; with it, ids are held against the layers that look them up.
    """
    array = slot.array
    if array is None:
        return None
    found = _strings(slot, array, said) or _shape(slot, array, said)
    if found is None and graph is not None:
        found = _ids(slot, array, said, graph)
    return found


def _strings(slot: Slot, array: Array, said: str) -> Misfit | None:
    if slot.spec.dtype == "string" or array.dtype.kind not in "OSUM":
        return None
    if array.dtype.kind == "M":
        return Misfit(
            "strings",
            f"{said} holds dates; the input {slot.name!r} takes {slot.spec.dtype} numbers.",
            f"{said} holds dates",
        )
    if array.dtype.kind == "O":
        sizes = {np.shape(each) for each in array.ravel()[:100]}
        if len(sizes) > 1 and () not in sizes:
            return Misfit(
                "ragged",
                f"The samples in {said} differ in length, such as {_lengths(array)}; an array "
                "has one length for all.",
                f"{said} is an array of arrays of several lengths",
                (
                    Mend(
                        "fill the short ones up",
                        "keras.utils.pad_sequences({}, padding='post')",
                        _padded,
                    ),
                ),
            )
    text = next((v for v in array.ravel()[:1000] if isinstance(v, (str, bytes))), None)
    if text is None:
        mend = Mend("make it numbers", "{}.astype('float32')", lambda a: a.astype("float32"))
        return Misfit(
            "strings",
            f"{said} holds Python objects (dtype object), and the input {slot.name!r} takes "
            f"{slot.spec.dtype} numbers.",
            f"{said} has the dtype object",
            (mend,),
        )
    numbers = Mend(
        "read the numbers in it", "{}.astype('float32')", lambda array: array.astype("float32")
    )
    return Misfit(
        "strings",
        f"{said} holds text, such as {str(text)[:30]!r}, and the input {slot.name!r} takes "
        f"{slot.spec.dtype} numbers.",
        f"{said} holds text",
        (numbers,),
    )


def _lengths(array: Array) -> str:
    sizes = list(dict.fromkeys(len(each) for each in array.ravel()[:100] if np.ndim(each)))
    return " and ".join(map(str, sizes[:2]))


def _padded(array: Array) -> Array:
    longest = max(len(each) for each in array)
    filled: Array = np.zeros((len(array), longest), "float32")
    for row, each in zip(filled, array, strict=True):
        row[: len(each)] = each
    return filled


def _fits(have: tuple[int, ...], wanted: Sequence[int | None]) -> bool:
    """Whether Keras takes an array of this shape, batch included."""
    if len(have) == len(wanted) + 1 and have[-1] == 1:
        have = have[:-1]
    elif len(have) + 1 == len(wanted) and wanted[-1] == 1:
        wanted = wanted[:-1]
    return len(have) == len(wanted) and all(
        b is None or a == b for a, b in zip(have, wanted, strict=True)
    )


def fits_shape(array: Array, shape: Sequence[int | None]) -> bool:
    """Whether Keras takes an array for an input of this shape."""
    return _fits(array.shape, shape)


def _shape(slot: Slot, array: Array, said: str) -> Misfit | None:
    wanted = slot.spec.shape
    if _fits(array.shape, wanted):
        return None
    mends = list(_shape_mends(array, wanted))
    message = f"{said} is {sample_text(array)}, and the input {slot.name!r} takes {slot.spec.text}."
    if _fits((1, *array.shape), wanted):
        one = "one sample" if array.ndim else "one number"
        return Misfit(
            "batch-axis",
            f"{said} is {sample_text(array)}, {one} without an axis for the batch; the input "
            f"{slot.name!r} takes {slot.spec.text}.",
            f"{said} has no axis for the samples",
            tuple(mends),
        )
    return Misfit("shape", message, _shape_cause(slot, array, said), tuple(mends))


def _shape_cause(slot: Slot, array: Array, said: str) -> str:
    wanted = slot.spec.shape
    if array.ndim < len(wanted):
        missing = len(wanted) - array.ndim
        return f"{said} has {missing} {'axis' if missing == 1 else 'axes'} too few"
    if array.ndim > len(wanted):
        return f"{said} has {array.ndim - len(wanted)} axes too many"
    axes = [
        i for i, (a, b) in enumerate(zip(array.shape, wanted, strict=True)) if b not in (None, a)
    ]
    if axes == [0]:
        return f"the model was built for batches of {wanted[0]}"
    return f"{said} has {array.shape[axes[-1]]} instead of {wanted[axes[-1]]} along axis {axes[-1]}"


def _shape_mends(array: Array, wanted: tuple[int | None, ...]) -> Iterator[Mend]:
    if _fits((1, *array.shape), wanted):
        yield Mend("add an axis for the batch", "{}[None]", lambda a: a[None])
    if _fits((*array.shape, 1), wanted) or (wanted[-1] == 1 and array.ndim == len(wanted) - 1):
        yield Mend("add an axis for the channel", "{}[..., None]", lambda a: a[..., None])
    if array.ndim == len(wanted) - 1 and wanted[-1] == 3:
        yield Mend(
            "repeat the grey values as three channels",
            "np.repeat({}[..., None], 3, axis=-1)",
            lambda a: np.repeat(a[..., None], 3, axis=-1),
        )
    if array.ndim == len(wanted) == 4 and array.shape[3] == 1 and wanted[3] == 3:
        yield Mend(
            "repeat the grey values as three channels",
            "np.repeat({}, 3, axis=-1)",
            lambda a: np.repeat(a, 3, axis=-1),
        )
    if array.ndim == len(wanted) >= 3:
        last = array.ndim - 1
        yield Mend(
            "move the channels to the end",
            f"np.moveaxis({{}}, 1, {last})",
            lambda a: np.moveaxis(a, 1, last),
        )
        if array.ndim == 3:
            return
        yield Mend(
            "move the channels to the front",
            f"np.moveaxis({{}}, {last}, 1)",
            lambda a: np.moveaxis(a, last, 1),
        )
    sizes = wanted[1:]
    if array.ndim > 1 and None not in sizes and len(array):
        whole = tuple(size or 1 for size in sizes)
        if array[0].size == np.prod(whole, dtype=int):
            code = ", ".join(map(str, whole))
            title = "flatten each sample" if len(whole) == 1 else "give each sample its shape"
            yield Mend(title, f"{{}}.reshape(-1, {code})", lambda a: a.reshape(-1, *whole))


def _ids(slot: Slot, array: Array, said: str, graph: Graph) -> Misfit | None:
    """Ids that a layer has no row for."""
    if not is_numeric(array) or not array.size:
        return None
    part = part_of(array)
    if not np.isfinite(part).all():
        return None
    for call in lookups_after(graph, slot.call):
        rows = call.config.get("input_dim")
        if not isinstance(rows, int):
            continue
        low, high = part.min(), part.max()
        if not is_integer_valued(part):
            example = part[part % 1 != 0].ravel()[0]
            return Misfit(
                "fractions",
                f"{said} holds fractions, such as {example:g}, and {call.name!r} looks up ids, "
                "which are whole numbers.",
                f"{said} holds no ids",
            )
        if low < 0:
            return Misfit(
                "ids",
                f"{said} holds the id {low:g}, and {call.name!r} has the rows 0 to {rows - 1}.",
                f"{said} goes below 0",
            )
        if high >= rows:
            return Misfit(
                "ids",
                f"{said} holds the id {high:g}, and {call.name!r} has the rows 0 to {rows - 1}.",
                f"{call.name!r} has {rows} rows, and the ids in {said} need {int(high) + 1}",
            )
    return None


def lookups_after(graph: Graph, call_id: str) -> Iterator[Call]:
    """The embeddings that an input goes into with its values unchanged.

    Args:
        graph: The model as data.
        call_id: The input.
    """
    edges: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        edges.setdefault(edge.source, []).append(edge)
    yield from _lookups(graph, edges, call_id)


def _lookups(graph: Graph, edges: Mapping[str, list[Edge]], call_id: str) -> Iterator[Call]:
    for edge in edges.get(call_id, ()):
        call = graph.call_by_id[edge.target]
        if call.type == "Embedding":
            yield call
        elif call.type in _PASSING:
            yield from _lookups(graph, edges, call.id)


def bad_values(array: Array, said: str, what: str = "") -> str | None:
    """A sentence on NaN or infinity in an array; None where there is none."""
    if array.dtype.kind not in "fc":
        return None
    part: Any = part_of(array)
    wrong = ~np.isfinite(part)
    if not wrong.any():
        return None
    word = "NaN" if np.isnan(part).any() else "infinity"
    samples = int(wrong.reshape(len(part), -1).any(1).sum()) if part.ndim else 1
    where = f"in {samples:,} of {len(part):,} samples" if part.ndim else ""
    return f"{said} holds {word} {where}{what}."
