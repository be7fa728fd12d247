"""Memory for the tensors of a model, worked out from shapes and dtypes, for one sample.

In a prediction, the calls run in the order of the graph: a tensor is there from the call that
makes it to the last one that takes it, the model's outputs to the end. A call that only shows
its input in another shape, or does something in training only, shares its input's memory. In
training, what the gradients need is kept: of each kind of layer its inputs, its output or
neither, each tensor once, and the values inside it. The weights, their gradients and what an
optimizer remembers are not counted, nor are small things such as means and variances.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from keraslab.graph._contractions import Shape, Site
from keraslab.graph._data import TensorSpec
from keraslab.graph._declared import worked_out
from keraslab.graph._inside import NOTHING, Inside, has_inside, inside_of
from keraslab.graph._keeping import (
    FROM_OUTPUT,
    PRODUCTS,
    Needs,
    is_view,
    names_activation,
    needs_of,
    passes_on,
)

if TYPE_CHECKING:
    from keraslab.graph._data import Call, Edge, Graph

Tensor = tuple[str, int]
"""The id of the call that made it, and which of its outputs it is."""


class Memory(NamedTuple):
    """Bytes for one sample."""

    outputs: dict[str, int | None]
    """Those of the outputs of each call."""
    kept: dict[str, int | None]
    """Those that training keeps of each call: its outputs as far as they are needed, and
    values inside it."""
    peak: int
    """The most that a prediction holds at the same time, as far as it is known."""
    training: int
    """All that training keeps, as far as it is known."""
    unknown: tuple[str, ...]
    """Calls of which a size or an inside is unknown."""


def memory_of(graph: Graph) -> Memory:
    """Work out the memory of every call, of a prediction and of a training step."""
    taken: dict[str, list[Edge]] = {call.id: [] for call in graph.calls}
    for edge in graph.edges:
        taken[edge.target].append(edge)
    sizes: dict[Tensor, int | None] = {}
    insides: dict[str, Inside | None] = {}
    outputs: dict[str, int | None] = {}
    for call in graph.calls:
        total: int | None = 0
        for index, spec in enumerate(call.outputs):
            size = bytes_of(spec, call.rows)
            sizes[call.id, index] = size
            total = None if total is None or size is None else total + size
        outputs[call.id] = total
        insides[call.id] = _inside(call, taken[call.id])
    unknown = tuple(
        [call.id for call in graph.calls if outputs[call.id] is None or insides[call.id] is None]
    )
    kept = _kept(graph, taken, sizes, insides)
    return Memory(
        outputs,
        {**kept, **dict.fromkeys(unknown)},
        _peak(graph, taken, sizes, insides),
        sum(kept.values()),
        unknown,
    )


def bytes_of(spec: TensorSpec, rows: int | None = 1) -> int | None:
    """The bytes of a tensor for one sample; None where a size or the dtype's size is unknown."""
    size = _VALUE.get(spec.dtype, -1)
    if size == -1:
        size = _VALUE[spec.dtype] = _bytes(spec.dtype)
    if size is None or rows is None:
        return None
    total = size * rows
    for values in spec.shape[1:]:
        if values is None:
            return None
        total *= values
    return total


_VALUE: dict[str, int | None] = {"bool": 1}


def _bytes(dtype: str) -> int | None:
    bits = "".join(filter(str.isdigit, dtype.partition("_")[0]))
    return max(1, int(bits) // 8) if bits else None


def _one_sample(shape: Shape) -> Shape:
    return (1, *shape[1:]) if shape else ()


def _inside(call: Call, taken: list[Edge]) -> Inside | None:
    """What the call holds inside, in bytes; None where it is unknown."""
    operation = call.operation
    if not call.outputs:
        return NOTHING  # it only shows the weights of an opened layer
    if call.kind != "input" and needs_of(operation) is None:
        return None
    if not has_inside(operation):
        return NOTHING
    inputs = tuple([_one_sample(spec.shape) for spec in call.inputs])
    outputs = tuple([_one_sample(spec.shape) for spec in call.outputs])
    keys = tuple([edge.key for edge in taken])
    inside = worked_out(inside_of, Site(operation, inputs, outputs, keys, inputs))
    if inside is None:
        return None
    size = bytes_of(TensorSpec((1, 1), call.outputs[0].dtype))
    if size is None or call.rows is None:
        return None
    others = inside.masks + inside.declared
    return Inside(
        (inside.kept * size + others) * call.rows,
        (inside.working * size + inside.declared) * call.rows,
    )


# -- a prediction


def _peak(
    graph: Graph,
    taken: dict[str, list[Edge]],
    sizes: dict[Tensor, int | None],
    insides: dict[str, Inside | None],
) -> int:
    """The most bytes that are there at the same time."""
    roots: dict[Tensor, Tensor] = {}
    last: dict[Tensor, int] = {}
    for place, call in enumerate(graph.calls):
        sources = [roots[edge.source, edge.source_index] for edge in taken[call.id]]
        for source in sources:
            last[source] = place
        view = len(sources) == len(call.outputs) == 1 and passes_on(call.operation)
        for index in range(len(call.outputs)):
            tensor = (call.id, index)
            roots[tensor] = sources[0] if view else tensor
            last.setdefault(roots[tensor], place)
    for port in graph.outputs:
        last[roots[port.call, port.index]] = len(graph.calls)
    ends: dict[int, int] = {}
    for tensor, place in last.items():
        ends[place] = ends.get(place, 0) + (sizes[tensor] or 0)
    live = peak = 0
    for place, call in enumerate(graph.calls):
        for index in range(len(call.outputs)):
            if roots[call.id, index] == (call.id, index):
                live += sizes[call.id, index] or 0
        inside = insides[call.id]
        peak = max(peak, live + (inside.working if inside else 0))
        live -= ends.get(place, 0)
    return peak


# -- training


def _kept(
    graph: Graph,
    taken: dict[str, list[Edge]],
    sizes: dict[Tensor, int | None],
    insides: dict[str, Inside | None],
) -> dict[str, int]:
    """For each call, the bytes of what training keeps of it."""
    roots: dict[Tensor, Tensor] = {}
    needed: set[Tensor] = set()
    trained: set[str] = set()
    kept = dict.fromkeys(taken, 0)
    for call in graph.calls:
        edges = taken[call.id]
        sources = [roots[edge.source, edge.source_index] for edge in edges]
        view = len(sources) == len(call.outputs) == 1 and is_view(call.operation)
        for index in range(len(call.outputs)):
            roots[call.id, index] = sources[0] if view else (call.id, index)
        own = any(weight.trainable for weight in call.weights)
        through = [edge.source in trained for edge in edges]
        if not own and (call.type in _NO_GRADIENT or not any(through)):
            continue
        trained.add(call.id)
        inside = insides[call.id]
        kept[call.id] = inside.kept if inside else 0
        needs = _needs(call)
        if needs.inputs or (needs.weights and own):
            needed.update(sources)
        if needs.output:
            needed.update([roots[call.id, index] for index in range(len(call.outputs))])
    # The loss is worked out from the model's outputs.
    needed.update([roots[port.call, port.index] for port in graph.outputs])
    for tensor in needed:
        kept[tensor[0]] += sizes[tensor] or 0
    return kept


_NO_GRADIENT = frozenset(
    {"Argmax", "Argmin", "OnesLike", "StopGradient", "ZerosLike", "Floor", "Round", "Sign"}
)


def _needs(call: Call) -> Needs:
    operation = call.operation
    needs = needs_of(operation) or Needs()
    if call.kind == "operation":
        return Needs() if call.type in PRODUCTS and len(call.inputs) == 1 else needs
    if call.type == "BatchNormalization" and not operation.trainable:
        return Needs()
    if needs.weights and getattr(operation, "activation", None) is not None:
        return needs._replace(output=names_activation(operation) in FROM_OUTPUT)
    return needs
