"""Where in the sequence: a vector for each position, added to what stands there."""

import math
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers as L
from keras import ops

from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_choice, check_count, one_or_two
from keraslab.blocks._multi_head_attention import check_sequence
from keraslab.blocks._padding import real_steps


def _index_model(shape: tuple[int | None, ...], dtype: str, *, name: str) -> Any:
    """Return a small model without weights: a sequence in, the positions 0, 1, 2, ... out."""
    x = keras.Input(shape, dtype=dtype)
    first = x if len(shape) == 1 else ops.take(x, 0, axis=-1)
    return keras.Model(x, ops.cumsum(ops.ones_like(first, dtype="int32"), axis=1) - 1, name=name)


def _waves_model(width: int, dtype: str, *, name: str) -> Any:
    """Return a small model without weights: positions in, sines and cosines of them out."""
    index = keras.Input((None,), dtype="int32")
    column = ops.expand_dims(ops.cast(index, "float32"), -1)
    ones = ops.repeat(ops.ones_like(column), width, axis=-1)
    channel = ops.cumsum(ones, axis=-1) - 1.0
    odd = channel - 2.0 * ops.floor(channel / 2.0)
    angle = column * ops.exp((channel - odd) * (-math.log(10_000.0) / width))
    waves = ops.where(odd > 0.5, ops.cos(angle), ops.sin(angle))
    return keras.Model(index, ops.cast(waves, dtype), name=name)


def _zeros_model(width: int, dtype: str, *, name: str) -> Any:
    """Return a small model without weights: it makes the rows zero whose id is 0."""
    x, ids = keras.Input((None, width), dtype=dtype), keras.Input((None,), dtype="int32")
    return keras.Model([x, ids], x * real_steps(ids, dtype), name=name)


@dataclass(eq=False, repr=False)
class Positions(Block):
    """A vector for each position added to a sequence, so that its order can be told.

    From Vaswani et al. 2017, "Attention Is All You Need", https://arxiv.org/abs/1706.03762:

    - `"sinusoidal"`: no weights and any length. Position `p` has `sin(p / 10000**(2 i / width))`
      in channel `2 i` and the cosine of the same angle in channel `2 i + 1`.
    - `"learned"`: a vector of weights for each position up to `max_length`.

    Call it as `positions(x)` with `x` `(batch, length, width)`; the result has the same shape.
    An `Embedding(mask_zero=True)` in front marks padding, and a sum with positions would lose
    that mark: pass the ids too, `(batch, length)`, as `positions(x, ids)` or
    `positions([x, ids])`. Then every id 0 is padding in the result.

    Args:
        kind: `"sinusoidal"` or `"learned"`.
        max_length: For `"learned"`, and only there: the longest sequence.
        name: See `Block`.

    Raises:
        ValueError: If a setting is not known or missing, the input is no sequence, or it is
            longer than `max_length`.

    Example:
        >>> import keras
        >>> ids = keras.Input((None,), dtype="int32")
        >>> x = keras.layers.Embedding(1000, 32)(ids)
        >>> Positions()(x).shape
        (None, None, 32)
        >>> positions = Positions("learned", max_length=50)
        >>> model = keras.Model(ids, positions(x, ids))
        >>> model.count_params()  # 1000*32 and 50*32
        33600
    """

    kind: str = "sinusoidal"
    max_length: int | None = None

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_choice(self.kind, ["sinusoidal", "learned"], "Positions(kind=...)")
        if self.kind == "learned":
            check_count(self.max_length, "Positions(max_length=...)")
        elif self.max_length is not None:
            raise ValueError(
                f"Positions(max_length=...): kind='sinusoidal' takes any length. "
                f"Received: {self.max_length!r}. Leave it out."
            )

    def wire(self, *inputs: Any) -> Any:
        """Connect the parts to a sequence, and the ids it was made of if they are given."""
        x, ids = self._checked(inputs)
        width = x.shape[-1]
        if ids is None:
            index = self.use("index", _index_model, (None, width), x.dtype)(x)
        else:
            index = self.use("index", _index_model, (None,), "int32")(ids)
        if self.kind == "learned":
            vectors = self.use("embedding", L.Embedding, self.max_length, width)(index)
        else:
            vectors = self.use("waves", _waves_model, width, x.dtype)(index)
        y = self.use("add", L.Add)([x, vectors])
        if ids is None:
            return y
        # A mask of Keras' stays only where every summand has it: so it is made anew.
        y = self.use("zeros", _zeros_model, width, y.dtype)([y, ids])
        return self.use("mask", L.Masking)(y)

    def _checked(self, inputs: tuple[Any, ...]) -> tuple[Any, Any]:
        x, ids = one_or_two(self, inputs, "positions(x), or positions(x, ids)")
        check_sequence(x, self._title, "the input")
        if self.max_length is not None and (x.shape[1] or 0) > self.max_length:
            raise ValueError(
                f"{self._title}: max_length={self.max_length} must be the length of the longest "
                f"sequence. Received: {x.shape}. Give max_length={x.shape[1]}."
            )
        if ids is not None and (not isinstance(ids, keras.KerasTensor) or len(ids.shape) != 2):
            raise ValueError(
                f"{self._title}: ids must be (batch, length), such as keras.Input((None,), "
                f"dtype='int32'). Received: {getattr(ids, 'shape', type(ids).__name__)}."
            )
        return x, ids
