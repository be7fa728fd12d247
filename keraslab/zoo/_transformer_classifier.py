"""A transformer that classifies texts."""

from typing import Any

import keras
from keras import layers as L
from keras import ops

from keraslab import blocks as B
from keraslab.blocks._checks import full_precision
from keraslab.zoo._settings import at_least, check_heads, checked, count


def _shares_model(*, name: str) -> Any:
    """Return a small model without weights: ids in, each one's share in the mean out."""
    ids = keras.Input((None,), dtype="int32")
    real = ops.cast(ops.not_equal(ids, 0), "float32")
    # A text of nothing but padding has shares of 0, not of 0 / 0.
    shares = real / ops.maximum(ops.sum(real, axis=1, keepdims=True), 1.0)
    return keras.Model(ids, ops.expand_dims(shares, -1), name=name)


class _Mean(B.Block):
    """The mean of a sequence over the places that are no padding."""

    def wire(self, x: Any, ids: Any) -> Any:
        width = x.shape[-1]
        shares = self.use("shares", _shares_model)(ids)
        x = self.use("dot", L.Dot, axes=1)([x, shares])
        return self.use("vector", L.Reshape, (width,))(x)


@checked(
    vocabulary=at_least(2),
    length=count,
    width=count,
    depth=count,
    heads=count,
    hidden=count,
)
def transformer_classifier(
    vocabulary: int = 20_000,
    length: int = 512,
    classes: int = 2,
    *,
    width: int = 128,
    depth: int = 2,
    heads: int = 4,
    hidden: int = 512,
    dropout: float = 0.1,
    activation: str = "softmax",
    name: str = "transformer_classifier",
) -> keras.Model:
    """Build a small transformer that classifies texts.

    The encoder of Vaswani et al. 2017, "Attention Is All You Need",
    https://arxiv.org/abs/1706.03762, with the learned positions of Devlin et al. 2018, "BERT:
    Pre-training of Deep Bidirectional Transformers for Language Understanding",
    https://arxiv.org/abs/1810.04805, and a mean over the words in front of the output.

    The input is a text as token ids, `(batch, length)`, of any length up to `length`; id 0 is
    padding. Look at where padding is kept out: the positions mark it, each attention leaves it
    out of what it looks at, and the mean does not count it. So a text gets the same answer
    however many zeros follow it.

    Args:
        vocabulary: How many ids there are, padding included; 2 or more.
        length: Of the longest text.
        classes: How many kinds of text to tell apart, 1 or more.
        width: Of the vector of each token, a multiple of `heads`.
        depth: How many encoder layers.
        heads: Of each attention.
        hidden: Width of the feed-forward part of each layer.
        dropout: Share dropped after the positions and after each part of a layer.
        activation: Of the output; `"linear"` gives logits.
        name: Of the model.

    Raises:
        ValueError: If a setting is out of range.

    Example:
        >>> model = transformer_classifier(100, 20, 3, width=8, depth=1, heads=2, hidden=16)
        >>> model.output_shape, model.count_params()
        ((None, 3), 1587)
    """
    check_heads("transformer_classifier", width, heads)
    ids = keras.Input((None,), dtype="int32", name="ids")
    x = L.Embedding(vocabulary, width, name="tokens")(ids)
    x = B.Positions("learned", length, name="positions")(x, ids)
    if dropout:
        x = L.Dropout(dropout, name="dropout")(x)
    layer = B.TransformerEncoder(heads, hidden, dropout=dropout, name="layer")
    x = B.Repeat(layer, depth, name="encoder")(x)
    x = _Mean(name="mean")(x, ids)
    y = L.Dense(classes, activation=activation, name="output", **full_precision())(x)
    return keras.Model(ids, y, name=name)
