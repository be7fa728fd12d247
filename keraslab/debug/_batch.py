"""One batch of someone's data, as NumPy, shaped as the model takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np

from keraslab.graph import keras_internals

MOST = 32


class Batch(NamedTuple):
    """One batch: arrays, or lists or dicts of them as the model has them."""

    x: Any
    y: Any = None
    sample_weight: Any = None

    @property
    def size(self) -> int:
        """How many samples it holds."""
        return len(keras.tree.flatten(self.x)[0])


def batch_of(model: Any, x: Any, y: Any = None) -> Batch | None:
    """The first samples of the data, at most 32.

    Args:
        model: The model that is to take them.
        x: Arrays as for ``fit``, or something that gives batches: a ``tf.data.Dataset``, a
            ``PyDataset``, a ``DataLoader``. Nothing is taken from an iterator, which would lack
            that batch afterwards.
        y: The targets; None where ``x`` gives them.

    Returns:
        The batch; None where there is no telling what it is.
    """
    weight = None
    if isinstance(x, Iterator):
        return None
    if gives_batches(x):
        x, y, weight = keras.utils.unpack_x_y_sample_weight(_first(x))
    try:
        arrays = keras.tree.map_structure(_head, (x, y, weight))
    except (TypeError, ValueError):
        return None
    x, y, weight = arrays
    functional = keras_internals.functional_of(model)
    if functional is not None:
        structure = keras_internals.input_structure(functional)
        x = _as_model_has_it(x, [tensor.name for tensor in functional.inputs], structure)
    return Batch(x, y, weight)


def gives_batches(x: Any) -> bool:
    """Whether something gives batches one after the other, such as a dataset."""
    if isinstance(x, keras.utils.PyDataset):
        return True
    # A dataset or loader iterates but is no array, list or dict.
    return hasattr(x, "__iter__") and not (
        isinstance(x, (list, tuple, dict, str)) or hasattr(x, "shape") or hasattr(x, "iloc")
    )


def _first(x: Any) -> Any:
    found = x[0] if isinstance(x, keras.utils.PyDataset) else next(iter(x), None)
    if isinstance(found, list):  # what a DataLoader gives for (x, y)
        found = tuple(found)
    return found


def _head(leaf: Any) -> Any:
    """The first samples of one array; plain numbers in lists are arrays in the making."""
    if leaf is None:
        return None
    if isinstance(leaf, (int, float, str, bytes)) or tuple(getattr(leaf, "shape", (1,))) == ():
        raise TypeError("not an array")  # one number, as in a dataset that nobody batched
    few = leaf.iloc[:MOST] if hasattr(leaf, "iloc") else leaf[:MOST]
    if hasattr(few, "detach"):
        few = few.detach().cpu()
    return np.asarray(few)


def _as_model_has_it(x: Any, names: list[str], structure: Any) -> Any:
    """A dict given to a model with listed inputs, or a list to one with a dict of inputs."""
    if isinstance(x, Mapping) and not isinstance(structure, Mapping):
        if set(names) <= set(x):
            listed = [x[name] for name in names]
            return listed if isinstance(structure, (list, tuple)) else listed[0]
        return x
    if isinstance(x, (list, tuple)) and len(x) == len(names):
        if isinstance(structure, Mapping):
            return dict(zip(sorted(structure), x, strict=True))
        return x if isinstance(structure, (list, tuple)) else x[0]
    return x
