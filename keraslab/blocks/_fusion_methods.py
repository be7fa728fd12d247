"""The methods of `Fusion` that take more than a layer: gated, FiLM, bilinear, cross-attention."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import layers as L
from keras import ops

Use = Callable[..., Any]


def gated(use: Use, named: Mapping[str, Any], width: int) -> Any:
    """Let gates that see all inputs decide how much of each passes."""
    tensors = list(named.values())
    hidden = [
        use(f"hidden_{key}", L.Dense, width, activation="tanh", use_bias=False)(x)
        for key, x in named.items()
    ]
    seen = use("concat", L.Concatenate)(tensors)

    def gate(part_name: str) -> Any:
        return use(part_name, L.Dense, width, activation="sigmoid", use_bias=False)(seen)

    if len(tensors) == 2:
        z = gate("gate")
        gates = [z, use("rest", L.Rescaling, -1.0, 1.0)(z)]
    else:
        gates = [gate(f"gate_{key}") for key in named]
    passed = [
        use(f"pass_{key}", L.Multiply)([z, h])
        for key, z, h in zip(named, gates, hidden, strict=True)
    ]
    return use("add", L.Add)(passed)


def film(use: Use, named: Mapping[str, Any], title: str) -> Any:
    """Scale and shift the channels of the first input by what the others say."""
    (first, x), *others = named.items()
    for key, condition in others:
        if len(condition.shape) != 2:
            raise ValueError(
                f"{title}: with method='film' the first input, here {first!r}, is changed, and "
                f"every input after the first must be (batch, d). Received: {key!r} "
                f"{condition.shape}. An image becomes a vector by "
                f"keras.layers.GlobalAveragePooling2D()(x)."
            )
    conditions = [condition for _, condition in others]
    condition = conditions[0]
    if len(conditions) > 1:
        condition = use("conditions", L.Concatenate)(conditions)
    channels = x.shape[-1]
    # A bias of ones is the 1 in (1 + g): at the start the input passes through.
    scale = use("scale", L.Dense, channels, bias_initializer="ones")(condition)
    shift = use("shift", L.Dense, channels)(condition)
    if len(x.shape) > 2:
        wide = (1,) * (len(x.shape) - 2) + (channels,)
        scale = use("scale_shape", L.Reshape, wide)(scale)
        shift = use("shift_shape", L.Reshape, wide)(shift)
    scaled = use("multiply", L.Multiply)([x, scale])
    return use("add", L.Add)([scaled, shift])


def bilinear(use: Use, named: Mapping[str, Any], width: int, title: str) -> Any:
    """Give every pair of entries, one of each input, a weight for each output."""
    if len(named) != 2:
        raise ValueError(
            f"{title}: method='bilinear' takes two inputs. Received: {len(named)}. "
            f"method='multiply' with a width takes more."
        )
    a, b = named.values()
    pairs = use("pairs", _pairs_model, len(a.shape) - 2, a.shape[-1], b.shape[-1], a.dtype)
    return use("weigh", L.Dense, width)(pairs([a, b]))


def _pairs_model(axes: int, a_width: int, b_width: int, dtype: str, *, name: str) -> Any:
    """Return a small model without weights: all products of an entry of a and one of b."""
    a, b = (keras.Input((None,) * axes + (w,), dtype=dtype) for w in (a_width, b_width))
    # a1 a1 a1 a2 a2 a2 times b1 b2 b3 b1 b2 b3: no reshape, which could not keep unknown sizes.
    slow = ops.repeat(a, b_width, axis=-1)
    fast = ops.tile(b, (1,) * (axes + 1) + (a_width,))
    return keras.Model([a, b], slow * fast, name=name)


def cross_attention(
    use: Use, named: Mapping[str, Any], width: int | None, heads: int, title: str
) -> Any:
    """Let every position of the first input choose among the positions of the others."""
    (first, query), *others = named.items()
    if len(query.shape) > 3:
        raise ValueError(
            f"{title}: with method='cross_attention' the first input, which asks, must be a "
            f"vector (batch, d) or a sequence (batch, length, d). Received: {first!r} "
            f"{query.shape}. "
            f"keras.layers.Reshape((-1, channels)) makes a sequence of an image."
        )
    if [len(x.shape) for _, x in others] == [2]:
        ((key, x),) = others
        raise ValueError(
            f"{title}: method='cross_attention' chooses among the positions of the inputs after "
            f"the first, and one vector leaves nothing to choose. Received: "
            f"{key!r} {x.shape} after {first!r}. method='gated' or 'add' fuses two vectors."
        )
    width = width or int(query.shape[-1])
    if width % heads:
        raise ValueError(
            f"{title}: heads must divide the width, {width}. Received: {heads}. "
            f"Try: {max(n for n in range(1, heads) if width % n == 0)}."
        )

    def sequence(key: str, x: Any) -> Any:
        if len(x.shape) != 3:  # a vector is a sequence of one, an image one of its pixels
            length = 1 if len(x.shape) == 2 else -1
            x = use(f"sequence_{key}", L.Reshape, (length, x.shape[-1]))(x)
        if x.shape[-1] != width:
            x = use(f"project_{key}", L.Dense, width)(x)
        return x

    asks = sequence(first, query)
    answers = [sequence(key, x) for key, x in others]
    seen = answers[0] if len(answers) == 1 else use("concat", L.Concatenate, axis=1)(answers)
    found = use("attention", L.MultiHeadAttention, heads, width // heads)(asks, seen)
    y = use("norm", L.LayerNormalization)(use("add", L.Add)([asks, found]))
    return use("vector", L.Reshape, (width,))(y) if len(query.shape) == 2 else y
