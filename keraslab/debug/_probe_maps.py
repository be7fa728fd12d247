"""The feature maps of one sample, kept small, to be shown as pictures later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_MAPS = 16
_SIDE = 128
"""Pixels that a side of a kept map may have; a larger one is thinned out."""


@dataclass(frozen=True)
class Maps:
    """The first feature maps of one sample: whole numbers from 0 to 255."""

    pixels: np.ndarray[Any, Any]
    """Maps, rows, columns."""
    low: float
    """What 0 stands for."""
    high: float
    """What 255 stands for."""
    channels: int
    """How many maps there are in all."""


def maps_of(values: np.ndarray[Any, Any], channels_first: bool = False) -> Maps | None:
    """The maps of the first sample; None where it is no picture.

    Args:
        values: The output of a call for one part of the batch.
        channels_first: Whether the channels stand before rows and columns.
    """
    if values.ndim != 4 or not values.size:
        return None
    first = values[0] if channels_first else np.moveaxis(values[0], -1, 0)
    if min(first.shape[1:]) < 2:
        return None
    steps = tuple(-(-side // _SIDE) for side in first.shape[1:])
    kept = first[:MOST_MAPS, :: steps[0], :: steps[1]]
    finite = kept[np.isfinite(kept)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    scaled = (np.nan_to_num(kept, nan=low, posinf=high, neginf=low) - low) / ((high - low) or 1.0)
    return Maps((255 * scaled).astype(np.uint8), low, high, len(first))
