"""Several inputs made into one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers as L

from keraslab.blocks import _fusion_methods as methods
from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_choice, check_count, listed
from keraslab.blocks._names import check_name

_METHODS = ("concat", "add", "multiply", "gated", "film", "bilinear", "cross_attention")


@dataclass(eq=False, repr=False)
class Fusion(Block):
    """Several tensors fused into one.

    Call it as `fusion([a, b])`, `fusion(a, b)` or `fusion({"image": a, "numbers": b})`. A dict
    is read in the order it is written on the first call, so the key written first is the first
    input of the methods below that tell one from the others; later calls must have the same keys
    and are read in that first order, however they are written. Its keys become part names.

    - `"concat"`: side by side along the last axis.
    - `"add"`, `"multiply"`: the sum or the product, entry by entry.
    - `"gated"`: Arevalo et al. 2017, "Gated Multimodal Units for Information Fusion",
      https://arxiv.org/abs/1702.01992. `h_i = tanh(W_i x_i)`; for two inputs one gate
      `z = sigmoid(W [x_1, x_2])` and `z * h_1 + (1 - z) * h_2`; for more a gate each and the sum
      of `z_i * h_i`.
    - `"film"`: Perez et al. 2018, "FiLM: Visual Reasoning with a General Conditioning Layer",
      https://arxiv.org/abs/1709.07871. The first input, an image or sequence or vector with
      channels last, is scaled and shifted channel by channel: `(1 + g) * x + b`, where `g` and
      `b` are linear in the other inputs, each `(batch, d)`, side by side.
    - `"bilinear"`: Tenenbaum and Freeman 2000, "Separating Style and Content with Bilinear
      Models", https://doi.org/10.1162/089976600300015349. Two inputs; each output is
      `x_1 @ W_k @ x_2 + b_k` with a full matrix `W_k` of its own, so every pair of entries has
      a weight: `d_1 * d_2 * width` of them, plus biases.
    - `"cross_attention"`: each position of the first input, a sequence or a vector, asks, and
      takes a weighted average of what the positions of the others answer; then the sum with
      the first input and layer normalisation. Multi-head attention as in Vaswani et al. 2017,
      "Attention Is All You Need", https://arxiv.org/abs/1706.03762, between two kinds of input
      as in Lu et al. 2019, "ViLBERT", https://arxiv.org/abs/1908.02265. The others may be
      sequences, images (a sequence of pixels) and vectors (one position each); Keras masks
      are kept to.

    For all but `"film"` and `"cross_attention"`, inputs have the same shape except for the last
    axis. `"add"` and `"multiply"` bring them to one width first: an input of another width
    passes a linear `Dense`, as it does in `"cross_attention"`. `"gated"` always has a `Dense`
    for each, as in the paper.

    Args:
        method: One of the seven above.
        width: Size of the last axis that inputs are brought to, and of the output. By default
            `"concat"` leaves them as they are, `"cross_attention"` takes that of the first input
            and the others that of the widest. Not for `"film"`, whose output is as wide as its
            first input.
        heads: How many attention heads, which must divide the width. Only for
            `"cross_attention"`.
        name: See `Block`.

    Raises:
        ValueError: If a setting is not known or the inputs do not fit together.

    Example:
        >>> import keras
        >>> image, numbers = keras.Input((8, 8, 16)), keras.Input((5,))
        >>> Fusion("film")({"image": image, "numbers": numbers}).shape
        (None, 8, 8, 16)
        >>> Fusion("gated")([keras.Input((32,)), numbers]).shape
        (None, 32)
        >>> question, regions = keras.Input((12, 32)), keras.Input((7, 7, 64))
        >>> Fusion("cross_attention", heads=4)([question, regions]).shape
        (None, 12, 32)
    """

    method: str = "concat"
    width: int | None = None
    heads: int = 1

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_choice(self.method, _METHODS, "Fusion(method=...)")
        if self.width is not None:
            check_count(self.width, "Fusion(width=...)")
            if self.method == "film":
                raise ValueError(
                    f"Fusion(width=...): method='film' gives its first input's width. "
                    f"Received: {self.width!r}. Leave width out."
                )
        check_count(self.heads, "Fusion(heads=...)")
        if self.heads > 1 and self.method != "cross_attention":
            raise ValueError(
                f"Fusion(heads=...): only method='cross_attention' has heads. "
                f"Received: {self.heads} with method={self.method!r}. Leave heads out."
            )

    def wire(self, *inputs: Any) -> Any:
        """Connect the parts to two inputs or more."""
        named = self._named(inputs)
        if self.method in ("film", "cross_attention"):
            self._check_widths(named.values())
            if self.method == "film":
                return methods.film(self.use, named, self._title)
            return methods.cross_attention(self.use, named, self.width, self.heads, self._title)
        self._check_shapes(named)
        if self.method == "concat":
            return self.use("concat", L.Concatenate)(self._same_width(named, self.width))
        width = self.width or max(x.shape[-1] for x in named.values())
        if self.method == "gated":
            return methods.gated(self.use, named, width)
        if self.method == "bilinear":
            return methods.bilinear(self.use, named, width, self._title)
        layer = {"add": L.Add, "multiply": L.Multiply}[self.method]
        return self.use(self.method, layer)(self._same_width(named, width))

    def _named(self, inputs: tuple[Any, ...]) -> dict[str, Any]:
        """Return the inputs of this call by name, in the order of the first call."""
        named: dict[str, Any]
        if len(inputs) == 1 and isinstance(inputs[0], Mapping):
            given = inputs[0]
            for key in given:
                check_name(key, f"{self._title}({{{key!r}: ...}})")
            order = self.settle("set of keys", _Keys(given))
            named = {key: given[key] for key in order}
        else:
            named = {str(i): x for i, x in enumerate(listed(inputs, self._title), start=1)}
            self.settle("set of keys", _Keys(named), reason="Pass a list every time, or a dict.")
        for key, x in named.items():
            if not isinstance(x, keras.KerasTensor):
                raise ValueError(
                    f"{self._title}: input {key!r} must be one tensor. "
                    f"Received: a {type(x).__name__}."
                )
        if len(named) < 2:
            raise ValueError(
                f"{self._title}: takes two inputs or more, in a list or dict. "
                f"Received: {len(named)}."
            )
        return named

    def _check_shapes(self, named: Mapping[str, Any]) -> None:
        shapes = {key: x.shape for key, x in named.items()}
        if len({shape[:-1] for shape in shapes.values()}) > 1:
            listing = ", ".join(f"{key!r} {shape}" for key, shape in shapes.items())
            raise ValueError(
                f"{self._title}: method={self.method!r} wants inputs of one shape except for the "
                f"last axis. Received: {listing}. An image becomes a vector by "
                f"keras.layers.GlobalAveragePooling2D()(x); method='film' and 'cross_attention' "
                f"take both."
            )
        self._check_widths(named.values())

    def _check_widths(self, tensors: Any) -> None:
        for x in tensors:
            if len(x.shape) < 2 or x.shape[-1] is None:
                raise ValueError(
                    f"{self._title}: the last axis of every input must be known. "
                    f"Received: {x.shape}."
                )

    def _same_width(self, named: Mapping[str, Any], width: int | None) -> list[Any]:
        return [
            x if width in (None, x.shape[-1]) else self.use(f"project_{key}", L.Dense, width)(x)
            for key, x in named.items()
        ]


class _Keys(tuple[str, ...]):
    """Keys in an order, equal to the same keys in another order."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keys) and set(self) == set(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__
