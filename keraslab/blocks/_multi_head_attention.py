"""Attention in several heads, with the shortcut and the normalisation that belong to it."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers as L
from keras import ops

from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_count, check_number, listed, one_or_two
from keraslab.blocks._wiring import all_or_nothing


def check_sequence(x: Any, title: str, what: str) -> int:
    """Return the width of a sequence `(batch, length, width)`.

    Args:
        x: What a block was called on.
        title: How the error message calls the block.
        what: How it calls the input, such as `"the input"`.

    Raises:
        ValueError: If `x` is no such tensor or its width is not known.
    """
    if not isinstance(x, keras.KerasTensor) or len(x.shape) != 3 or x.shape[-1] is None:
        received = x.shape if isinstance(x, keras.KerasTensor) else f"a {type(x).__name__}"
        raise ValueError(
            f"{title}: {what} must be (batch, length, width) with a known width, such as "
            f"keras.Input((None, 64)). Received: {received}."
        )
    return int(x.shape[-1])


def _map_model(heads: int, rows: int, columns: int, dtype: str, *, name: str) -> Any:
    """Return a small model without weights: it changes nothing and knows the map's size."""
    x = keras.Input((heads, None, None), dtype=dtype)
    return keras.Model(x, ops.reshape(x, (-1, heads, rows, columns)), name=name)


@dataclass(eq=False, repr=False)
class MultiHeadAttention(Block):
    """Every position of a sequence gathers what it needs from all positions, in several heads.

    The sub-layer of Vaswani et al. 2017, "Attention Is All You Need",
    https://arxiv.org/abs/1706.03762: attention, dropout, plus the shortcut, layer normalisation.
    With `pre_norm` the normalisation comes before the attention and nothing follows the sum, as
    in Xiong et al. 2020, "On Layer Normalization in the Transformer Architecture",
    https://arxiv.org/abs/2002.04745; a tower of these wants one more normalisation at its end.

    `block(x)` is self-attention: `x`, `(batch, length, width)`, looks at itself.
    `block(query, memory)` or `block([query, memory])` is cross-attention: the query looks at
    `(batch, memory length, memory width)`. The result has the shape of `x` or of the query.

    Padding is left out of what is looked at where a Keras mask marks it, as that of
    `Embedding(mask_zero=True)` does; the result carries the mask of `x` or of the query.

    `block.with_scores(...)` is the same call and returns the attention map too: how much each
    position looks at each other one. To be saved and loaded, a model should hold a block's plain
    calls or its calls with scores, not both.

    Args:
        heads: How many, 1 or more.
        key_dim: Width of each head. By default the width of the input divided by `heads`.
        causal: Let a position see none that comes after it.
        dropout: Share of the attention's result that is dropped in training.
        pre_norm: Normalise before the attention instead of after the sum.
        epsilon: Added to the variance in the normalisation.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, an input is no sequence, or `heads` does not
            divide the width and `key_dim` is not given.

    Example:
        >>> import keras
        >>> attention = MultiHeadAttention(heads=4)
        >>> x, memory = keras.Input((None, 32)), keras.Input((10, 24))
        >>> attention(x).shape
        (None, None, 32)
        >>> list(attention.parts)
        ['query', 'attention', 'add', 'norm']
        >>> y, scores = attention.with_scores(x)
        >>> keras.Model(x, scores).output_shape
        (None, 4, None, None)
        >>> cross = MultiHeadAttention(heads=4, pre_norm=True)
        >>> cross(x, memory).shape
        (None, None, 32)
    """

    heads: int
    key_dim: int | None = None
    causal: bool = False
    dropout: float = 0.0
    pre_norm: bool = False
    epsilon: float = 1e-6

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_count(self.heads, "MultiHeadAttention(heads=...)")
        if self.key_dim is not None:
            check_count(self.key_dim, "MultiHeadAttention(key_dim=...)")
        check_number(self.dropout, "MultiHeadAttention(dropout=...)", least=0, below=1)
        check_number(self.epsilon, "MultiHeadAttention(epsilon=...)", above=0)

    def wire(self, *inputs: Any) -> Any:
        """Connect the parts to a sequence, or to a query and a memory."""
        return self._wire(inputs)[0]

    @all_or_nothing()
    def with_scores(self, *inputs: Any) -> tuple[Any, Any]:
        """Wire the same parts to the result and the attention map.

        Args:
            *inputs: As for a call.

        Returns:
            The result of a call, and a tensor `(batch, heads, length, length of what is looked
            at)` whose last axis sums to 1.
        """
        y, scores = self._wire(inputs, return_attention_scores=True)
        tensors = listed(inputs, self._title)
        rows, columns = tensors[0].shape[1], tensors[-1].shape[1]
        if rows != columns and rows is not None and columns is not None:
            # Keras takes the map of a look at a memory to be square.
            settings = (self.heads, rows, columns, scores.dtype)
            scores = self.use(f"map{rows}x{columns}", _map_model, *settings)(scores)
        return y, scores

    @all_or_nothing()
    def scores(self, *inputs: Any) -> Any:
        """Return what `with_scores` does, without the result: the attention map alone."""
        return self.with_scores(*inputs)[1]

    def norm(self, x: Any) -> Any:
        """Normalise every position by itself."""
        return self.use("norm", L.LayerNormalization, epsilon=self.epsilon)(x)

    def _checked(self, inputs: tuple[Any, ...]) -> tuple[Any, Any]:
        x, memory = one_or_two(self, inputs, "block(x), or block(query, memory)")
        check_sequence(x, self._title, "the input" if memory is None else "the query")
        if memory is not None:
            check_sequence(memory, self._title, "the memory")
        return x, memory

    def _wire(self, inputs: tuple[Any, ...], **options: Any) -> tuple[Any, Any]:
        x, memory = self._checked(inputs)
        y, scores = self._attend(x, memory, **options)
        if self.dropout:
            y = self.use("dropout", L.Dropout, self.dropout)(y)
        y = self.use("add", L.Add)([x, y])
        return (y if self.pre_norm else self.norm(y)), scores

    def _attend(self, x: Any, memory: Any, **options: Any) -> tuple[Any, Any]:
        width = x.shape[-1]
        if self.key_dim is None and width % self.heads:
            raise ValueError(
                f"{self._title}: heads={self.heads} must divide the input's width, {width}. "
                f"Received: {x.shape}. Give key_dim=..., the width of a head, or other heads."
            )
        # Keras' attention takes the padding mask off the tensors that it reads, and whoever reads
        # them next would not see the padding. So it reads tensors that nobody else does.
        query = self.norm(x) if self.pre_norm else self.use("query", L.Rescaling, 1.0)(x)
        memory = query if memory is None else self.use("memory", L.Rescaling, 1.0)(memory)
        first = "attention" not in self.parts
        key_dim = self.key_dim or width // self.heads
        layer = self.use("attention", L.MultiHeadAttention, self.heads, key_dim)
        options["use_causal_mask"] = self.causal
        if first:
            # Keras counts a layer's outputs on its first call and refuses a model of a later one
            # that has more. This call is in no model.
            layer(query, memory, return_attention_scores=True)
        y = layer(query, memory, **options)
        return y if "return_attention_scores" in options else (y, None)
