"""The sizes of a graph's inputs that a person may change: batch, height, width, length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keraslab.graph import Graph, what_if

LARGEST = 100_000
MOST_FIELDS = 12

Sizes = dict[str, tuple[int | None, ...]]


def size_fields(first: Graph | None, now: Graph | None) -> dict[str, Any] | None:
    """The fields for the batch and for every size that an input leaves open.

    Args:
        first: The graph as it was read, with its open sizes.
        now: The graph as it is shown.

    Returns:
        ``{"fields": [{"input", "axis", "label", "value"}], "inputs": {name: shape}}``; the
        batch, one for all inputs, has no input. None without a graph.

    Example:
        >>> import keras
        >>> from keraslab.graph import read_graph
        >>> x = keras.Input((None, 8), name="words")
        >>> graph = read_graph(keras.Model(x, keras.layers.Dense(2)(x)))
        >>> [(f["label"], f["value"]) for f in size_fields(graph, graph)["fields"]]
        [('batch', None), ('length', None)]
    """
    if first is None or now is None:
        return None
    shown = _shapes(now)
    fields: list[dict[str, Any]] = []
    given = _shapes(first)
    for name, shape in given.items():
        value = shown.get(name, shape)
        for axis, size in enumerate(shape):
            if size is not None or (axis == 0 and any(f["axis"] == 0 for f in fields)):
                continue
            label = "batch" if axis == 0 else _label(shape, axis)
            several = len(given) > 1 and axis > 0
            fields.append(
                {
                    "input": None if axis == 0 else name,
                    "axis": axis,
                    "label": f"{name} {label}" if several else label,
                    "value": value[axis] if axis < len(value) else None,
                }
            )
    return {
        "fields": fields[:MOST_FIELDS],
        "inputs": {name: list(shape) for name, shape in given.items()},
    }


def read_sizes(first: Graph, wanted: object) -> Sizes:
    """What a browser asks for, as a full shape for every input.

    Args:
        first: The graph as it was read, with its open sizes.
        wanted: ``{input name: [size or None, ...]}``; a size that is known stays as it is.

    Raises:
        ValueError: If it is not of that form, or a size is no whole number from 1.
    """
    sizes = _shapes(first)
    if not isinstance(wanted, Mapping):
        raise ValueError(f"sizes must be a dict of lists. Received: {wanted!r}.")
    for name, shape in wanted.items():
        if name not in sizes or not isinstance(shape, list) or len(shape) != len(sizes[name]):
            raise ValueError(f"sizes must have a list for each input's axes. Received: {name!r}.")
        for size in shape:
            if size is None or (type(size) is int and 1 <= size <= LARGEST):
                continue
            raise ValueError(f"a size must be a whole number from 1 to {LARGEST:,}, not {size!r}.")
        pairs = zip(sizes[name], shape, strict=True)
        sizes[name] = tuple(new if old is None else old for old, new in pairs)
    return sizes


def resized(first: Graph, sizes: Sizes) -> Graph:
    """The graph for other sizes of its inputs, worked out without building it again.

    Args:
        first: The graph as it was read.
        sizes: A full shape for every input, as ``read_sizes`` gives them.

    Raises:
        ModelError: A layer does not take these sizes.
    """
    inner = {name: shape[1:] for name, shape in sizes.items()}
    batch = next((shape[0] for shape in sizes.values() if shape[0] is not None), None)
    return what_if(first, sizes=inner, batch=batch)


def first_line(error: BaseException) -> str:
    """The first line of what an error says that holds anything."""
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)


def _shapes(graph: Graph) -> Sizes:
    return {graph.call_by_id[port.call].name: port.spec.shape for port in graph.inputs}


def _label(shape: tuple[int | None, ...], axis: int) -> str:
    if len(shape) in (2, 3):
        return "length"
    if len(shape) == 4:
        first = 2 if shape[1] is not None and shape[2] is None and shape[3] is None else 1
        if axis in (first, first + 1):
            return ("height", "width")[axis - first]
    return f"size {axis}"
