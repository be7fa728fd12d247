"""Vectors brought to length 1."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from keraslab.blocks._block import Block

# Squares below this count as 0, whose direction means nothing.
_SMALLEST_SQUARE = 1e-12


def unit(x: Any) -> Any:
    """Divide every vector by its length; to be called in a small model, in full precision."""
    square = ops.sum(ops.square(x), axis=-1, keepdims=True)
    scale = ops.rsqrt(ops.maximum(square, _SMALLEST_SQUARE))
    # A slope of 1e6 at zero would throw the weights away: a zero vector stays as it is.
    return x * ops.where(square > _SMALLEST_SQUARE, scale, ops.zeros_like(scale))


def unit_model(shape: tuple[int | None, ...], dtype: str, *, name: str) -> Any:
    """Return a small model without weights: vectors in, the same vectors of length 1 out."""
    x = keras.Input(shape, dtype=dtype)
    wide = x
    if dtype in ("float16", "bfloat16"):  # squares of small numbers vanish in 16 bits
        wide = ops.cast(x, "float32")
    return keras.Model(x, unit(wide), name=name)


@dataclass(eq=False, repr=False)
class UnitLength(Block):
    """Divide every vector by its length, so that it keeps its direction only.

    Between such vectors the dot product is the cosine of the angle, and the squared distance is
    2 minus twice that cosine. It has no weights. `keras.layers.UnitNormalization` does the same,
    except that its gradient at a vector of zeros is enormous or not a number, depending on the
    backend; here a vector of zeros stays zeros and passes no gradient.

    Takes `(batch, ..., d)` and returns the same shape.

    Args:
        name: See `Block`.

    Raises:
        ValueError: If the input is no tensor with a last axis.

    Example:
        >>> import keras, numpy as np
        >>> x = keras.Input((2,))
        >>> model = keras.Model(x, UnitLength()(x))
        >>> keras.ops.convert_to_numpy(model(np.array([[3.0, 4.0], [0.0, 0.0]]))).round(3)
        array([[0.6, 0.8],
               [0. , 0. ]], dtype=float32)
    """

    def wire(self, x: Any) -> Any:
        """Connect the small model."""
        if not isinstance(x, keras.KerasTensor) or len(x.shape) < 2:
            shape = getattr(x, "shape", type(x).__name__)
            raise ValueError(
                f"{self._title}: takes vectors (batch, ..., d), such as keras.Input((64,)). "
                f"Received: {shape}."
            )
        # Sizes other than the last may differ from call to call.
        shape = (None,) * (len(x.shape) - 2) + (x.shape[-1],)
        return self.use("normalize", unit_model, shape, x.dtype)(x)
