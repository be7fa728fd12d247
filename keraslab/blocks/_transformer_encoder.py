"""One encoder layer of a transformer."""

from dataclasses import dataclass
from typing import Any

from keraslab.blocks._transformer_layer import TransformerLayer
from keraslab.blocks._wiring import all_or_nothing


@dataclass(eq=False, repr=False)
class TransformerEncoder(TransformerLayer):
    """Self-attention, then a small network on every position by itself.

    The encoder layer of Vaswani et al. 2017, "Attention Is All You Need",
    https://arxiv.org/abs/1706.03762. A tower is `Repeat(TransformerEncoder(8), 6)`; with
    `pre_norm` it wants one more `keras.layers.LayerNormalization` at its end. Order means nothing
    to attention: put `Positions` in front of the tower.

    Takes and returns `(batch, length, width)`. A Keras mask on the input keeps padding out of
    the attention, and the output carries it on. `layer.with_scores(x)` is the same call and returns
    the attention map, `(batch, heads, length, length)`, too: see `MultiHeadAttention`.

    Args:
        heads: Of the attention, 1 or more.
        hidden: Width of the feed-forward network between its two `Dense` layers. By default
            four times the width of the input, as in the paper.
        activation: Name of the Keras activation between them.
        dropout: Share of each sub-layer's result that is dropped in training.
        pre_norm: Normalise before each sub-layer instead of after its sum.
        key_dim: Width of each head. By default the width of the input divided by `heads`.
        epsilon: Added to the variance in the normalisation.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range or the input is no sequence.

    Example:
        >>> import keras
        >>> from keraslab.blocks import Repeat
        >>> tower = Repeat(TransformerEncoder(heads=4, hidden=64), 2)
        >>> x = keras.Input((None, 32))
        >>> model = keras.Model(x, tower(x))
        >>> model.output_shape
        (None, None, 32)
        >>> maps, y = [], x  # the attention map of every layer
        >>> for layer in tower.parts.values():
        ...     y, scores = layer.with_scores(y)
        ...     maps.append(scores)
        >>> keras.Model(x, maps).output_shape
        [(None, 4, None, None), (None, 4, None, None)]
    """

    def wire(self, x: Any) -> Any:
        """Connect the parts to one sequence."""
        return self.feed_forward(self.attention("attention")(x))

    @all_or_nothing()
    def with_scores(self, x: Any) -> tuple[Any, Any]:
        """Wire the same parts to the result and the attention map.

        Args:
            x: As for a call.

        Returns:
            The result of a call, and the map `(batch, heads, length, length)`.
        """
        y, scores = self.attention("attention").with_scores(x)
        return self.feed_forward(y), scores

    @all_or_nothing()
    def scores(self, x: Any) -> Any:
        """Return what `with_scores` does, without the result: the attention map alone."""
        return self.with_scores(x)[1]
