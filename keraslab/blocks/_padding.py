"""Which steps of a sequence of ids are padding."""

from typing import Any

from keras import ops


def real_steps(ids: Any, dtype: str) -> Any:
    """Return ids `(batch, length)` as `(batch, length, 1)`: 0 where they are 0, else 1.

    To be called in a small model: it is made of `keras.ops`.
    """
    return ops.expand_dims(ops.cast(ops.not_equal(ids, 0), dtype), -1)
