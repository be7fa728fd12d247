"""Numbers with as many digits as they are good for."""

from __future__ import annotations

import math


def plain(value: float, digits: int = 3) -> str:
    """A number to some digits, without an exponent where it can be read without one.

    Example:
        >>> plain(0.012345), plain(1234.5), plain(1.5e-7), plain(0.0)
        ('0.0123', '1234', '1.5e-07', '0')
    """
    if not math.isfinite(value) or value == 0:
        return "0" if value == 0 else str(value)
    size = math.floor(math.log10(abs(value)))
    if -5 <= size < 15:
        return f"{value:.{max(0, digits - 1 - size)}f}"
    return f"{value:.{digits}g}"


def places(mean: float, spread: float | None) -> int | None:
    """How many decimal places a mean has that is known to within a spread.

    Two digits of the spread count. Without a spread the mean has four digits.

    Returns:
        The number of decimal places; None where an exponent says it better.

    Example:
        >>> places(0.95123, 0.0123), places(0.95123, None), places(1234.5, 210.0)
        (3, 4, 0)
    """
    if not math.isfinite(mean):
        return None
    ruling = spread if spread and math.isfinite(spread) else mean
    digits = 2 if ruling is spread else 4
    if ruling == 0:
        return digits - 1
    found = digits - 1 - math.floor(math.log10(abs(ruling)))
    if ruling is spread and mean:  # a spread of almost nothing makes no mean of thirty digits
        found = min(found, 5 - math.floor(math.log10(abs(mean))))
    return max(0, found) if found <= 9 and abs(mean) < 1e15 else None


def mean_and_spread(mean: float | None, spread: float | None) -> str:
    """A mean with its standard deviation, to the same decimal place.

    Example:
        >>> mean_and_spread(0.95123, 0.0123), mean_and_spread(0.95123, None)
        ('0.951 ± 0.012', '0.9512')
        >>> mean_and_spread(None, None)
        '–'
    """
    if mean is None or not math.isfinite(mean):
        return "–"
    count = places(mean, spread)
    form = ".3g" if count is None else f".{count}f"
    return f"{mean:{form}}" + ("" if spread is None else f" ± {spread:{form}}")
