"""One decoder layer of a transformer."""

from dataclasses import dataclass
from typing import Any

from keraslab.blocks._checks import one_or_two
from keraslab.blocks._transformer_layer import TransformerLayer
from keraslab.blocks._wiring import all_or_nothing

_FORMS = "layer(x), or layer(x, memory)"


@dataclass(eq=False, repr=False)
class TransformerDecoder(TransformerLayer):
    """Self-attention that sees no later position, a look at a memory, and a small network.

    The decoder layer of Vaswani et al. 2017, "Attention Is All You Need",
    https://arxiv.org/abs/1706.03762. Called as `layer(x, memory)` or `layer([x, memory])` it also
    attends to the memory, such as an encoder's output `(batch, memory length, memory width)`;
    called as `layer(x)` it is the layer of a language model (Radford et al. 2019, "Language
    Models are Unsupervised Multitask Learners"), and a tower is
    `Repeat(TransformerDecoder(8), 6)`. A tower that looks at a memory is a loop, as the example
    shows. Order means little to attention: put `Positions` in front.

    Takes and returns `(batch, length, width)`. Keras masks keep padding out of both attentions,
    and the output carries on that of `x`. `layer.with_scores(...)` is the same call and returns an
    attention map too: see `MultiHeadAttention`.

    Args:
        heads: Of each attention, 1 or more.
        hidden: Width of the feed-forward network between its two `Dense` layers. By default
            four times the width of the input, as in the paper.
        activation: Name of the Keras activation between them.
        dropout: Share of each sub-layer's result that is dropped in training.
        pre_norm: Normalise before each sub-layer instead of after its sum.
        key_dim: Width of each head. By default the width of the input divided by `heads`.
        epsilon: Added to the variance in the normalisation.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, an input is no sequence, or a later call has
            another number of inputs.

    Example:
        >>> import keras
        >>> x, memory = keras.Input((None, 32)), keras.Input((10, 32))
        >>> y = x
        >>> for i in range(2):
        ...     y = TransformerDecoder(heads=4, hidden=64, name=f"decoder{i + 1}")(y, memory)
        >>> keras.Model([x, memory], y).output_shape
        (None, None, 32)
        >>> layer = TransformerDecoder(heads=4)
        >>> layer(x).shape
        (None, None, 32)
        >>> list(layer.parts)  # no memory, no cross-attention
        ['attention', 'feed_forward']
    """

    def wire(self, *inputs: Any) -> Any:
        """Connect the parts to one sequence, and a memory if there is one."""
        x, memory = one_or_two(self, inputs, _FORMS)
        x = self.attention("attention", causal=True)(x)
        if memory is not None:
            x = self.attention("cross")(x, memory)
        return self.feed_forward(x)

    @all_or_nothing()
    def with_scores(self, *inputs: Any) -> tuple[Any, Any]:
        """Wire the same parts to the result and an attention map.

        Args:
            *inputs: As for a call.

        Returns:
            The result of a call, and for `with_scores(x)` the map of the self-attention,
            `(batch, heads, length, length)`; for `with_scores(x, memory)` that of the look at
            the memory, `(batch, heads, length, memory length)`.
        """
        x, memory = one_or_two(self, inputs, _FORMS)
        attention = self.attention("attention", causal=True)
        if memory is None:
            y, scores = attention.with_scores(x)
        else:
            y, scores = self.attention("cross").with_scores(attention(x), memory)
        return self.feed_forward(y), scores

    @all_or_nothing()
    def scores(self, *inputs: Any) -> Any:
        """Return what `with_scores` does, without the result: the attention map alone."""
        return self.with_scores(*inputs)[1]
