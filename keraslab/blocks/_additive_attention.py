"""Attention by a small network that compares a query with each part of a memory."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers as L

from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_count, listed
from keraslab.blocks._multi_head_attention import check_sequence
from keraslab.blocks._wiring import all_or_nothing


@dataclass(eq=False, repr=False)
class AdditiveAttention(Block):
    """A query looks at a memory and gets the mean of it, weighted by how well each part fits.

    From Bahdanau et al. 2014, "Neural Machine Translation by Jointly Learning to Align and
    Translate", https://arxiv.org/abs/1409.0473: query `q` and memory vector `h` fit by
    `v . tanh(W q + U h)`, a softmax over the memory makes weights of this, and the context is
    the sum of the memory's vectors times their weights.

    Call it as `block(query, memory)` or `block([query, memory])`. The memory is
    `(batch, memory length, memory width)`. With one query, `(batch, d)`, the context is
    `(batch, memory width)`; with several, `(batch, queries, d)`, it is
    `(batch, queries, memory width)`. Where a Keras mask marks padding in the memory, its weights
    are 0.

    `block.with_scores(query, memory)` is the same call and returns the attention map too: the
    weight of each part of the memory. To be saved and loaded, a model should hold a block's plain
    calls or its calls with scores, not both.

    Args:
        units: Width of the comparing network, 1 or more.
        name: See `Block`.

    Raises:
        ValueError: If `units` is below 1 or the inputs are not a query and a memory.

    Example:
        >>> import keras
        >>> state, memory = keras.Input((16,)), keras.Input((None, 24))
        >>> attention = AdditiveAttention(8)
        >>> context, weights = attention.with_scores(state, memory)
        >>> context.shape, weights.shape
        ((None, 24), (None, None))
        >>> keras.Model([state, memory], context).count_params()  # W, U and v
        328
    """

    units: int

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_count(self.units, "AdditiveAttention(units=...)")

    def wire(self, *inputs: Any) -> Any:
        """Connect the parts to a query and a memory."""
        query, memory = self._checked(inputs)
        context, _ = self._attend(query, memory)
        return self._alone(context, "context") if len(query.shape) == 2 else context

    @all_or_nothing()
    def with_scores(self, *inputs: Any) -> tuple[Any, Any]:
        """Wire the same parts to the context and the attention map.

        Args:
            *inputs: As for a call.

        Returns:
            The context, and the weight of each part of the memory: `(batch, memory length)` for
            one query, `(batch, queries, memory length)` for several; its last axis sums to 1.
        """
        query, memory = self._checked(inputs)
        context, scores = self._attend(query, memory, return_attention_scores=True)
        if len(query.shape) == 3:
            return context, scores
        return self._alone(context, "context"), self._alone(scores, "scores")

    @all_or_nothing()
    def scores(self, *inputs: Any) -> Any:
        """Return what `with_scores` does, without the result: the attention map alone."""
        return self.with_scores(*inputs)[1]

    def _attend(self, query: Any, memory: Any, **options: Any) -> tuple[Any, Any]:
        if len(query.shape) == 2:
            query = self.use("one_query", L.Reshape, (1, query.shape[-1]))(query)
        projected = self.use("query", L.Dense, self.units, use_bias=False)(query)
        key = self.use("key", L.Dense, self.units, use_bias=False)(memory)
        first = "attention" not in self.parts
        layer = self.use("attention", L.AdditiveAttention)
        if first:
            # Keras counts a layer's outputs on its first call and refuses a model of a later one
            # that has more. This call is in no model.
            layer([projected, memory, key], return_attention_scores=True)
        y = layer([projected, memory, key], **options)
        return y if options else (y, None)

    def _alone(self, y: Any, part_name: str) -> Any:
        """Return what belongs to the one query."""
        width = -1 if part_name == "scores" else y.shape[-1]
        return self.use(part_name, L.Reshape, (width,))(y)

    def _checked(self, inputs: tuple[Any, ...]) -> tuple[Any, Any]:
        tensors = listed(inputs, self._title)
        if len(tensors) != 2:
            raise ValueError(
                f"{self._title}: takes two inputs, block(query, memory). Received: {len(tensors)}."
            )
        query, memory = tensors
        self.settle("number of dimensions of the query", len(getattr(query, "shape", ())))
        if isinstance(query, keras.KerasTensor) and len(query.shape) == 2:
            if query.shape[-1] is None:
                raise ValueError(
                    f"{self._title}: the width of the query must be known. "
                    f"Received: {query.shape}. Give it in keras.Input(shape=...)."
                )
        else:
            check_sequence(query, self._title, "several queries")
        check_sequence(memory, self._title, "the memory")
        return query, memory
