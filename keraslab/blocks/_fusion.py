"""Several inputs made into one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers as L

from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_choice, check_count, listed
from keraslab.blocks._names import check_name

_METHODS = ("concat", "add", "multiply", "gated", "film")


@dataclass(eq=False, repr=False)
class Fusion(Block):
    """Several tensors fused into one.

    Call it as `fusion([a, b])`, `fusion(a, b)` or `fusion({"image": a, "numbers": b})`. A dict
    is read in the order it is written on the first call; later calls must have the same keys
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

    For all but `"film"`, inputs have the same shape except for the last axis. `"add"` and
    `"multiply"` bring them to one width first: an input of another width passes a linear
    `Dense`. `"gated"` always has a `Dense` for each, as in the paper.

    Args:
        method: One of the five above.
        width: Size of the last axis that inputs are brought to. By default `"concat"` leaves
            them as they are and the others take that of the widest input. Not for `"film"`,
            whose output is as wide as its first input.
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
    """

    method: str = "concat"
    width: int | None = None

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

    def wire(self, *inputs: Any) -> Any:
        """Connect the parts to two inputs or more."""
        named = self._named(inputs)
        tensors = list(named.values())
        if self.method == "film":
            return self._film(tensors)
        self._check_shapes(named)
        if self.method == "gated":
            return self._gated(named)
        if self.method == "concat":
            return self.use("concat", L.Concatenate)(self._same_width(named, self.width))
        layer = {"add": L.Add, "multiply": L.Multiply}[self.method]
        return self.use(self.method, layer)(self._same_width(named, self._common_width(tensors)))

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
            named = {str(i): x for i, x in enumerate(listed(inputs), start=1)}
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
                f"keras.layers.GlobalAveragePooling2D()(x); method='film' takes both."
            )
        self._check_widths(named.values())

    def _check_widths(self, tensors: Any) -> None:
        for x in tensors:
            if len(x.shape) < 2 or x.shape[-1] is None:
                raise ValueError(
                    f"{self._title}: the last axis of every input must be known. "
                    f"Received: {x.shape}."
                )

    def _common_width(self, tensors: list[Any]) -> int:
        return self.width or max(x.shape[-1] for x in tensors)

    def _same_width(self, named: Mapping[str, Any], width: int | None) -> list[Any]:
        return [
            x if width in (None, x.shape[-1]) else self.use(f"project_{key}", L.Dense, width)(x)
            for key, x in named.items()
        ]

    def _gated(self, named: Mapping[str, Any]) -> Any:
        tensors = list(named.values())
        width = self._common_width(tensors)
        hidden = [
            self.use(f"hidden_{key}", L.Dense, width, activation="tanh", use_bias=False)(x)
            for key, x in named.items()
        ]
        seen = self.use("concat", L.Concatenate)(tensors)

        def gate(part_name: str) -> Any:
            return self.use(part_name, L.Dense, width, activation="sigmoid", use_bias=False)(seen)

        if len(tensors) == 2:
            z = gate("gate")
            gates = [z, self.use("rest", L.Rescaling, -1.0, 1.0)(z)]
        else:
            gates = [gate(f"gate_{key}") for key in named]
        passed = [
            self.use(f"pass_{key}", L.Multiply)([z, h])
            for key, z, h in zip(named, gates, hidden, strict=True)
        ]
        return self.use("add", L.Add)(passed)

    def _film(self, tensors: list[Any]) -> Any:
        x, *conditions = tensors
        self._check_widths(tensors)
        for condition in conditions:
            if len(condition.shape) != 2:
                raise ValueError(
                    f"{self._title}: with method='film' every input after the first must be "
                    f"(batch, d). Received: {condition.shape}. An image becomes a vector by "
                    f"keras.layers.GlobalAveragePooling2D()(x)."
                )
        condition = conditions[0]
        if len(conditions) > 1:
            condition = self.use("conditions", L.Concatenate)(conditions)
        channels = x.shape[-1]
        # A bias of ones is the 1 in (1 + g): at the start the input passes through.
        scale = self.use("scale", L.Dense, channels, bias_initializer="ones")(condition)
        shift = self.use("shift", L.Dense, channels)(condition)
        if len(x.shape) > 2:
            wide = (1,) * (len(x.shape) - 2) + (channels,)
            scale = self.use("scale_shape", L.Reshape, wide)(scale)
            shift = self.use("shift_shape", L.Reshape, wide)(shift)
        scaled = self.use("multiply", L.Multiply)([x, scale])
        return self.use("add", L.Add)([scaled, shift])


class _Keys(tuple[str, ...]):
    """Keys in an order, equal to the same keys in another order."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keys) and set(self) == set(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__
