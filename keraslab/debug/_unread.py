"""The batches of a dataset as arrays that nobody read: their shapes and kinds without values."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

_SOME = 8
"""Samples that stand for a batch of any size."""


class Unread(np.ndarray[Any, Any]):
    """An array that stands for one of a batch; its values are nothing to go by."""


def batches_of(x: Any) -> tuple[Any, Any] | None:
    """Inputs and targets of a dataset's batches; None where their shapes are not known.

    A ``tf.data.Dataset`` says the shapes itself, and nothing is taken from it. A ``PyDataset`` or
    a generator says none: to ask it for a batch is to run the person's code once more, which may
    read files or count what it gave, so that of these nothing is known.

    Args:
        x: What ``fit`` was given.
    """
    spec = getattr(x, "element_spec", None)
    if spec is None:
        return None
    spec = tuple(spec) if isinstance(spec, list) else spec
    leaves = keras.tree.flatten(spec)
    ranks = [getattr(getattr(leaf, "shape", None), "rank", None) for leaf in leaves]
    if not leaves or not all(ranks):  # a dataset that nobody batched, or shapes of any rank
        return None
    if len({leaf.shape[0] for leaf in leaves}) != 1:
        return None
    if any(size is None for leaf in leaves for size in leaf.shape[1:]):
        return None
    try:
        given = keras.tree.map_structure(_stand_in, spec)
    except (TypeError, ValueError):
        return None
    given_x, y, _ = keras.utils.unpack_x_y_sample_weight(given)
    return given_x, y


def _stand_in(leaf: Any) -> Any:
    dtype = np.dtype(leaf.dtype.as_numpy_dtype)
    if dtype.kind not in "biuf":
        raise TypeError("values of another kind")
    shape = (leaf.shape[0] or _SOME, *leaf.shape[1:])
    # A fraction is no class number, and whether whole numbers stand in floats nobody knows.
    value = np.asarray(0.5 if dtype.kind == "f" else 0, dtype)
    return np.broadcast_to(value, shape).view(Unread)
