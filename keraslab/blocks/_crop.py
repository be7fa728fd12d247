"""A tensor cut to the sizes of another one, which are read while the model runs."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
from keras import ops


def crop_model(
    shape: Sequence[int | None],
    like: Sequence[int | None],
    axes: Iterable[int],
    dtypes: Sequence[str],
    *,
    name: str,
) -> Any:
    """Return a small model without weights that keeps the first entries of each axis.

    Args:
        shape: Of the tensor to cut, without the batch.
        like: Of the tensor that has the sizes wanted, without the batch.
        axes: Which axes to cut, the batch being axis 0.
        dtypes: Of the two tensors.
        name: Of the model, which takes the two tensors in a list.
    """
    x = keras.Input(shape, dtype=dtypes[0], name="large")
    other = keras.Input(like, dtype=dtypes[1], name="like")
    y = x
    for axis in axes:
        line = other  # its first entries along this axis; a slice would not survive get_config
        for i in reversed(range(len(like) + 1)):
            line = line if i == axis else ops.take(line, 0, axis=i)
        # Positions 0, 1, 2, ... counted while the model runs.
        places = ops.cumsum(ops.ones_like(line, dtype="int32")) - 1
        y = ops.take(y, places, axis=axis)
    return keras.Model([x, other], y, name=name)
