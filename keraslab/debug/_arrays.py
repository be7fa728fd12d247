"""Someone's ``x`` and ``y`` beside the inputs and outputs of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from keraslab.debug._batch import gives_batches
from keraslab.debug._pairing import Pairing, pair
from keraslab.graph import Graph

if TYPE_CHECKING:
    from keraslab.debug._heads import Head
    from keraslab.debug._subject import Subject


@dataclass(frozen=True)
class Data:
    """The arrays of a training, evaluation or prediction."""

    x: Pairing
    y: Pairing | None
    """None where no targets are given."""
    whole: bool = True
    """Whether all samples are there, not one batch only."""

    def target(self, head: Head) -> np.ndarray[Any, Any] | None:
        """The targets of an output, where there are some for each."""
        return self.y.slots[head.index].array if self.y is not None else None


def data_of(subject: Subject) -> Data | None:
    """The data of a check; None where none is given, or it cannot be looked at."""
    if subject.x is None or subject.keras_model is None:
        return None
    if gives_batches(subject.x):
        batch = subject.batch
        if batch is None:
            return None
        return pair_data(subject.graph, subject.heads, batch.x, batch.y, whole=False)
    return pair_data(subject.graph, subject.heads, subject.x, subject.y)


def pair_data(
    graph: Graph, heads: Sequence[Head], x: Any, y: Any = None, whole: bool = True
) -> Data:
    """Put arrays beside the inputs and outputs of a model.

    Args:
        graph: The model as data.
        heads: Its outputs.
        x: What ``fit`` or ``predict`` is given.
        y: The targets; None for none.
        whole: Whether these are all samples.
    """
    inputs = [(graph.call_by_id[port.call].name, port) for port in graph.inputs]
    named = [str(port.key or name) for name, port in inputs]
    specs = [port.spec for _, port in inputs]
    first = pair(x, named, specs, [p.call for _, p in inputs], [p.key for _, p in inputs])
    if y is None:
        return Data(first, None, whole)
    second = pair(
        y,
        [head.name for head in heads],
        [head.spec for head in heads],
        [head.call for head in heads],
        [head.key for head in heads],
    )
    return Data(first, second, whole)
