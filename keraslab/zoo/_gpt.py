"""Language models of decoder layers: GPT-2."""

from typing import Any

import keras
import numpy as np
from keras import layers as L

from keraslab import blocks as B
from keraslab.blocks._checks import check_activation, check_choice, check_count, full_precision
from keraslab.zoo._counts import check_counts

# Table 2 of the paper: width, layers; and heads as the authors' models have them.
_SIZES = {
    "small": (768, 12, 12),
    "medium": (1024, 24, 16),
    "large": (1280, 36, 20),
    "xl": (1600, 48, 25),
}


def gpt(
    size: str = "small",
    *,
    vocabulary: int = 50_257,
    length: int = 1024,
    width: int | None = None,
    depth: int | None = None,
    heads: int | None = None,
    dropout: float = 0.1,
    activation: str = "softmax",
    name: str = "gpt",
) -> keras.Model:
    """Build a language model: at every place of a text, the probability of each next token.

    Radford et al. 2019, "Language Models are Unsupervised Multitask Learners",
    https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf
    (GPT-2).

    Tokens and positions, both learned, decoder layers that look back only and are normalised
    before each part, and one more normalisation. Look at the output: it is the token table once
    more, the other way round, so the layer `tokens` stands at both ends and its weights count
    once (Press and Wolf 2016, "Using the Output Embedding to Improve Language Models",
    https://arxiv.org/abs/1608.05859). One pass predicts at all places at once, because no place
    sees a later one.

    The input is token ids, `(batch, length)`, of any length up to `length`; the output is
    `(batch, length, vocabulary)`. The GELU is the exact one, where the authors' code has an
    approximation of it.

    | size | width, layers, heads | parameters |
    |---|---|---|
    | small | 768, 12, 12 | 124,439,808 |
    | medium | 1024, 24, 16 | 354,823,168 |
    | large | 1280, 36, 20 | 774,030,080 |
    | xl | 1600, 48, 25 | 1,557,611,200 |

    Args:
        size: `"small"`, `"medium"`, `"large"` or `"xl"`: where the next three come from.
        vocabulary: How many ids there are.
        length: Of the longest text that the model sees at once.
        width: Of the vector of each token, a multiple of `heads`.
        depth: How many layers.
        heads: Of each attention.
        dropout: Share dropped after the positions and after each part of a layer.
        activation: Of the output; `"linear"` gives logits.
        name: Of the model.

    Raises:
        ValueError: If a setting is out of range.

    Example:
        >>> model = gpt(vocabulary=30, length=16, width=8, depth=2, heads=2)
        >>> model.output_shape, model.count_params()
        ((None, None, 30), 2128)
    """
    check_choice(size, _SIZES, "gpt(size=...)")
    given, published = (width, depth, heads), _SIZES[size]
    width, depth, heads = (p if g is None else g for g, p in zip(given, published, strict=True))
    check_counts("gpt", vocabulary=vocabulary, length=length, width=width, depth=depth, heads=heads)
    check_activation(activation, "gpt(activation=...)")
    tokens = L.ReversibleEmbedding(vocabulary, width, name="tokens")

    ids = keras.Input((None,), dtype="int32", name="ids")
    x = B.Positions("learned", length, name="positions")(tokens(ids))
    if dropout:
        x = L.Dropout(dropout, name="dropout")(x)
    layer = B.TransformerDecoder(
        heads, 4 * width, "gelu", dropout, pre_norm=True, epsilon=1e-5, name="layer"
    )
    x = B.Repeat(layer, depth, name="decoder")(x)
    x = L.LayerNormalization(epsilon=1e-5, name="norm")(x)
    y = tokens(x, reverse=True)
    y = L.Activation(activation, name="output", **full_precision())(y)
    return keras.Model(ids, y, name=name)


def generate(
    model: keras.Model, ids: Any, steps: int, *, temperature: float = 0.0, seed: int | None = None
) -> Any:
    """Let a language model go on writing.

    Args:
        model: What `gpt` returns, with probabilities as its output.
        ids: Token ids to begin with, `(batch, length)`, one or more each.
        steps: How many tokens to add to each.
        temperature: 0 takes the likeliest token every time; 1 draws by the probabilities, and
            less than 1 favours likely ones.
        seed: Of the drawing.

    Returns:
        An array `(batch, length + steps)` of ids. The model sees the last of them, as many as
        it has positions.

    Raises:
        ValueError: If `steps` is below 1, `ids` is no such array, or `temperature` is below 0.

    Example:
        >>> model = gpt(vocabulary=30, length=16, width=8, depth=1, heads=2)
        >>> generate(model, [[3, 1, 4]], 20).shape
        (1, 23)
    """
    check_count(steps, "generate(steps=...)")
    ids = np.asarray(ids, dtype="int32")
    if ids.ndim != 2 or not ids.shape[1]:
        raise ValueError(
            f"generate(ids=...): must be (batch, length), such as [[3, 1]]. Received: {ids.shape}."
        )
    if temperature < 0:
        raise ValueError(f"generate(temperature=...): must be 0 or more. Received: {temperature}.")
    random = np.random.default_rng(seed)
    longest = model.get_layer("positions__embedding").input_dim
    for _ in range(steps):
        p = keras.ops.convert_to_numpy(model(ids[:, -longest:]))[:, -1].astype("float64")
        if temperature:
            p = np.exp((np.log(p + 1e-30) - np.log(p.max(-1, keepdims=True))) / temperature)
            drawn = (p / p.sum(-1, keepdims=True)).cumsum(-1) > random.random((len(p), 1))
            following = drawn.argmax(-1)
        else:
            following = p.argmax(-1)
        ids = np.concatenate([ids, following[:, None].astype("int32")], axis=1)
    return ids
