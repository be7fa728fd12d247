"""Which numbers Keras' logs hold: most values are one, some are several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

MOST = 12
"""A metric of more values than this, such as one for each of a thousand classes, gets no lines."""


def numbers(logs: Mapping[str, Any]) -> dict[str, float]:
    """Every number in the logs under a name of its own.

    A metric with several values, such as ``F1Score(average=None)``, gives one for each of up to
    12. What is no number is left out: a curve must never end a training.

    Args:
        logs: What Keras gives a callback.

    Example:
        >>> numbers({"loss": 0.5, "f1": np.array([0.25, 0.75]), "note": "warm"})
        {'loss': 0.5, 'f1[0]': 0.25, 'f1[1]': 0.75}
    """
    found: dict[str, float] = {}
    for key, value in logs.items():
        if value is None:  # which NumPy would take for a NaN
            continue
        if isinstance(value, float):
            found[key] = value
            continue
        try:
            values = np.asarray(keras.ops.convert_to_numpy(value), dtype=float)
        except Exception:  # text, or a tensor of another kind: nothing a curve could show
            continue
        if values.size == 1:
            found[key] = float(values.reshape(()))
        elif values.size <= MOST:
            indices = np.ndindex(values.shape)
            found |= {f"{key}[{','.join(map(str, i))}]": float(values[i]) for i in indices}
    return found
