"""What a model takes beside its weights: memory for its tensors, and how far each call sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keraslab.graph._collection import collection_put_off
from keraslab.graph._memory import Memory, memory_of
from keraslab.graph._receptive_field import Sight, sight_of

if TYPE_CHECKING:
    from keraslab.graph._data import Graph


@dataclass(frozen=True)
class Costs:
    """Memory and receptive field of every call, for one sample; None where unknown."""

    memory: Mapping[str, int | None]
    """Bytes of the outputs of each call."""
    kept: Mapping[str, int | None]
    """Bytes that training keeps of each call until its gradients are worked out."""
    inference_peak: int | None
    """The most bytes of tensors that are needed at the same time in a prediction."""
    training_sum: int | None
    """Bytes of all that training keeps for one sample, weights and gradients apart."""
    known_peak: int
    """The peak as far as it is known: a lower bound where something is unknown."""
    known_training: int
    """The sum as far as it is known."""
    unknown_memory: tuple[str, ...]
    """Ids of the calls of which a part of the memory is unknown."""
    receptive_field: Mapping[str, tuple[int, ...] | None]
    """One size per spatial axis of the input, in its pixels or steps."""
    whole: frozenset[str]
    """Ids of the calls whose values depend on the whole input, however large it is."""
    unknown_field: tuple[str, ...]
    """Ids of the calls whose receptive field is unknown; of others it may be None because the
    input has no spatial axes."""


def costs_of(graph: Graph) -> Costs:
    """Work out the memory and receptive field of each call of a graph."""
    with collection_put_off():
        memory: Memory = memory_of(graph)
        sight: Sight = sight_of(graph)
    return Costs(
        memory=memory.outputs,
        kept=memory.kept,
        inference_peak=None if memory.unknown else memory.peak,
        training_sum=None if memory.unknown else memory.training,
        known_peak=memory.peak,
        known_training=memory.training,
        unknown_memory=memory.unknown,
        receptive_field=sight.sizes,
        whole=sight.whole,
        unknown_field=sight.unknown,
    )
