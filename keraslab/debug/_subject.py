"""What a rule for silent mistakes looks at: the model, its graph, its heads, one batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import keras

from keraslab.debug._batch import Batch, batch_of
from keraslab.graph import Call, Edge, Graph, read_graph

if TYPE_CHECKING:
    from keraslab.debug._arrays import Data
    from keraslab.debug._heads import Head, Heads


class Subject:
    """One model under check; what several rules need is worked out once, when first asked for."""

    def __init__(self, model: Any, x: Any = None, y: Any = None) -> None:
        self.model = model
        """What was given: a model, or anything else that ``read_graph`` takes."""
        self.x, self.y = x, y
        self.notes: list[str] = []
        """Sentences on what was not tried, for the report."""

    @cached_property
    def graph(self) -> Graph:
        """The model as data."""
        return self.model if isinstance(self.model, Graph) else read_graph(self.model)

    @cached_property
    def keras_model(self) -> Any | None:
        """The model itself; None where a graph, tensors, a config or a file was given."""
        return self.model if isinstance(self.model, keras.Model) else None

    @cached_property
    def heads(self) -> tuple[Head, ...]:
        """The outputs with the activation and loss of each; none without a model."""
        return () if self.all_heads is None else self.all_heads.heads

    @cached_property
    def all_heads(self) -> Heads | None:
        """The same, and how the losses are shared out among them; None without a model."""
        from keraslab.debug._heads import all_heads

        return None if self.keras_model is None else all_heads(self.keras_model, self.graph)

    @cached_property
    def data(self) -> Data | None:
        """The arrays beside the inputs and outputs they are for; None without data."""
        from keraslab.debug._arrays import data_of

        return data_of(self)

    @cached_property
    def batch(self) -> Batch | None:
        """One batch of ``x`` and ``y`` as NumPy, in the model's own structure; None without."""
        if self.x is None or self.keras_model is None:
            return None
        return batch_of(self.keras_model, self.x, self.y)

    @property
    def edges_from(self) -> Mapping[str, tuple[Edge, ...]]:
        """For each call, the edges that leave it."""
        return self.graph.edges_from

    @property
    def edges_into(self) -> Mapping[str, tuple[Edge, ...]]:
        """For each call, the edges that arrive, in the order of its inputs."""
        return self.graph.edges_into

    @cached_property
    def output_calls(self) -> frozenset[str]:
        """The calls that give the model's outputs."""
        return frozenset(port.call for port in self.graph.outputs)

    @cached_property
    def _after(self) -> Mapping[str, tuple[Call, ...]]:
        return {c: self._calls(edge.target for edge in e) for c, e in self.edges_from.items()}

    @cached_property
    def _before(self) -> Mapping[str, tuple[Call, ...]]:
        return {c: self._calls(edge.source for edge in e) for c, e in self.edges_into.items()}

    def calls_after(self, call: str) -> tuple[Call, ...]:
        """The calls that take what this one gives, each once."""
        return self._after[call]

    def calls_before(self, call: str) -> tuple[Call, ...]:
        """The calls that give what this one takes, each once."""
        return self._before[call]

    def only_after(self, call: str) -> Call | None:
        """The one call that takes what this one gives; None where that is not so."""
        after = self._after[call]
        return after[0] if len(after) == 1 and call not in self.output_calls else None

    def all_before(self, call: str) -> frozenset[str]:
        """Everything that this call depends on."""
        return _reach(call, self._before)

    def all_after(self, call: str) -> frozenset[str]:
        """Everything that depends on this call."""
        return _reach(call, self._after)

    def _calls(self, ids: Iterable[str]) -> tuple[Call, ...]:
        return tuple([self.graph.call_by_id[call] for call in dict.fromkeys(ids)])


def _reach(start: str, steps: Mapping[str, tuple[Call, ...]]) -> frozenset[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for call in steps[waiting.pop()]:
            if call.id not in found:
                found.add(call.id)
                waiting.append(call.id)
    return frozenset(found)
