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
    from keraslab.graph._data import Call, Graph


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


class _Tensors(NamedTuple):
    """The tensors of a graph by number, in the order in which they are made."""

    sizes: list[int | None]
    taken: list[list[int]]
    """For each call, those that it takes."""
    made: list[range]
    """For each call, those that it makes."""
    given: list[int]
    """Those that the model gives."""


def memory_of(graph: Graph) -> Memory:
    """Work out the memory of every call, of a prediction and of a training step."""
    outputs: dict[str, int | None] = {}
    sizes: list[int | None] = []
    first: dict[str, int] = {}
    places: dict[str, int] = {}
    made: list[range] = []
    for place, call in enumerate(graph.calls):
        places[call.id] = place
        begin = first[call.id] = len(sizes)
        total: int | None = 0
        for spec in call.outputs:
            size = bytes_of(spec, call.rows)
            sizes.append(size)
            total = None if total is None or size is None else total + size
        made.append(range(begin, len(sizes)))
        outputs[call.id] = total
    taken: list[list[int]] = [[] for _ in graph.calls]
    keys: list[list[str | None]] = [[] for _ in graph.calls]
    for edge in graph.edges:
        place = places[edge.target]
        taken[place].append(first[edge.source] + edge.source_index)
        keys[place].append(edge.key)
    given = [first[port.call] + port.index for port in graph.outputs]
    tensors = _Tensors(sizes, taken, made, given)
    insides = list(map(_inside, graph.calls, keys))
    unknown = tuple(
        [
            call.id
            for call, inside in zip(graph.calls, insides, strict=True)
            if outputs[call.id] is None or inside is None
        ]
    )
    kept = dict(zip(places, _kept(graph, tensors, insides), strict=True))
    return Memory(
        outputs,
        {**kept, **dict.fromkeys(unknown)},
        _peak(graph, tensors, insides),
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


def _inside(call: Call, keys: list[str | None]) -> Inside | None:
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
    inside = worked_out(inside_of, Site(operation, inputs, outputs, tuple(keys), inputs))
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


def _peak(graph: Graph, tensors: _Tensors, insides: list[Inside | None]) -> int:
    """The most bytes that are there at the same time."""
    sizes, taken, made, given = tensors
    roots = list(range(len(sizes)))
    """For each tensor, the one whose memory it shows; mostly itself."""
    last = [-1] * len(sizes)
    for place, call in enumerate(graph.calls):
        sources = taken[place]
        for source in sources:
            last[roots[source]] = place
        if len(sources) == len(made[place]) == 1 and passes_on(call.operation):
            roots[made[place][0]] = roots[sources[0]]
        for tensor in made[place]:
            if last[roots[tensor]] < 0:
                last[roots[tensor]] = place
    for tensor in given:
        last[roots[tensor]] = len(made)
    ends = [0] * (len(made) + 1)
    for tensor, place in enumerate(last):
        if place >= 0:
            ends[place] += sizes[tensor] or 0
    live = peak = 0
    for place, inside in enumerate(insides):
        for tensor in made[place]:
            if roots[tensor] == tensor:
                live += sizes[tensor] or 0
        peak = max(peak, live + (inside.working if inside else 0))
        live -= ends[place]
    return peak


# -- training


def _kept(graph: Graph, tensors: _Tensors, insides: list[Inside | None]) -> list[int]:
    """For each call, the bytes of what training keeps of it."""
    sizes, taken, made, given = tensors
    roots = list(range(len(sizes)))
    trained = [False] * len(sizes)
    # The loss is worked out from the model's outputs.
    needed = set(given)
    kept = [0] * len(made)
    for place, call in enumerate(graph.calls):
        sources = taken[place]
        if len(sources) == len(made[place]) == 1 and is_view(call.operation):
            roots[made[place][0]] = roots[sources[0]]
        own = any(weight.trainable for weight in call.weights)
        if not own and (
            call.type in _NO_GRADIENT or not any(trained[source] for source in sources)
        ):
            continue
        for tensor in made[place]:
            trained[tensor] = True
        inside = insides[place]
        kept[place] = inside.kept if inside else 0
        needs = _needs(call)
        if needs.inputs or (needs.weights and own):
            needed.update(sources)
        if needs.output:
            needed.update(made[place])
    maker = [place for place, numbers in enumerate(made) for _ in numbers]
    for tensor in {roots[tensor] for tensor in needed}:
        kept[maker[tensor]] += sizes[tensor] or 0
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
