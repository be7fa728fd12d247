"""Language models of decoder layers: GPT-2."""

from typing import Any

import keras
import numpy as np
from keras import layers as L

from keraslab import blocks as B
from keraslab.blocks._checks import full_precision
from keraslab.zoo._settings import check_heads, checked, count, maybe, natural, number, one_of

# Table 2 of the paper: width, layers; and heads as the authors' models have them.
_SIZES = {
    "small": (768, 12, 12),
    "medium": (1024, 24, 16),
    "large": (1280, 36, 20),
    "xl": (1600, 48, 25),
}


@checked(
    size=one_of(*_SIZES),
    vocabulary=count,
    length=count,
    width=maybe(count),
    depth=maybe(count),
    heads=maybe(count),
)
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
    given, published = (width, depth, heads), _SIZES[size]
    width, depth, heads = (p if g is None else g for g, p in zip(given, published, strict=True))
    check_heads("gpt", width, heads)
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


@checked(steps=count, temperature=number(least=0), seed=maybe(natural))
def generate(
    model: keras.Model, ids: Any, steps: int, *, temperature: float = 0.0, seed: int | None = None
) -> Any:
    """Let a language model go on writing.

    Args:
        model: What `gpt` returns, with probabilities as its output, or with logits
            (`activation="linear"`).
        ids: Token ids to begin with, `(batch, length)`, one or more each.
        steps: How many tokens to add to each.
        temperature: 0 takes the likeliest token every time; 1 draws by the probabilities, and
            less than 1 favours likely ones.
        seed: Of the drawing.

    Returns:
        An array `(batch, length + steps)` of ids. The model sees the last of them, as many as
        it has positions.

    Raises:
        TypeError: If `model` is no such model.
        ValueError: If `steps` is below 1, `ids` is no such array, `temperature` is below 0, or
            is not 0 where the model's output is neither probabilities nor logits.

    Example:
        >>> model = gpt(vocabulary=30, length=16, width=8, depth=1, heads=2)
        >>> generate(model, [[3, 1, 4]], 20).shape
        (1, 23)
    """
    ids = _array(ids)
    longest, logits = _facts(model)
    random = np.random.default_rng(seed)
    for _ in range(steps):
        p = keras.ops.convert_to_numpy(model(ids[:, -longest:]))[:, -1].astype("float64")
        if temperature:
            scores = p if logits else np.log(_probabilities(p) + 1e-30)
            p = np.exp((scores - scores.max(-1, keepdims=True)) / temperature)
            drawn = (p / p.sum(-1, keepdims=True)).cumsum(-1) > random.random((len(p), 1))
            following = drawn.argmax(-1)
        else:
            following = p.argmax(-1)
        ids = np.concatenate([ids, following[:, None].astype("int32")], axis=1)
    return ids


def _facts(model: Any) -> tuple[int, bool]:
    """Return how many ids the model sees at once, and whether its output is logits."""
    try:
        longest = model.get_layer("positions__embedding").input_dim
    except (AttributeError, ValueError):
        raise TypeError(
            f"generate(model=...): must be a model that gpt() returned. Received: {model!r}."
        ) from None
    last = getattr(model.layers[-1], "activation", None)
    return longest, last in (keras.activations.linear, keras.activations.log_softmax)


def _array(ids: Any) -> Any:
    try:
        made = np.asarray(ids)
    except ValueError:  # rows of unlike length
        made = np.asarray(None)
    if made.ndim != 2 or not made.size or made.dtype.kind not in "iu":
        raise ValueError(
            f"generate(ids=...): must be whole numbers (batch, length), such as [[3, 1]]. "
            f"Received: {made.shape} of {made.dtype}."
        )
    return made.astype("int32")


def _probabilities(p: Any) -> Any:
    if p.min() < 0 or not np.allclose(p.sum(-1), 1, atol=1e-2):
        raise ValueError(
            f"generate(model=...): to draw with a temperature, the output must be probabilities "
            f"or logits. Received: numbers from {p.min():.3g} to {p.max():.3g} whose sum is "
            f"{p[0].sum():.3g}. Build it with activation='softmax' or 'linear', or take "
            f"temperature=0."
        )
    return p
