"""How the variants of a comparison are told apart: colour, dash and shape, never colour alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VariantLook:
    """The look of one variant in every plot and table."""

    light: str
    """Its colour on a light ground, with a contrast to white of 3 or more."""
    dark: str
    """Its colour on a dark ground."""
    dash: tuple[float, ...]
    """Lengths of strokes and gaps in pixels; empty for an unbroken line."""
    shape: str
    """Its marker by matplotlib's letter."""


# After Okabe and Ito's palette, which the colour-blind tell apart; its pale colours are darker
# on a light ground and its dark ones paler on a dark one, so that each line is seen.
_COLOURS = (
    ("#0072b2", "#56b4e9"),
    ("#d55e00", "#ff9a3c"),
    ("#00805c", "#2fcf9f"),
    ("#b0508a", "#f0a6d0"),
    ("#8a6d00", "#f0e442"),
    ("#333333", "#e8e8e8"),
    ("#2f93c9", "#9ad8ff"),
    ("#7a3fa0", "#c9a0ff"),
)
_DASHES = ((), (7, 4), (2, 3), (9, 3, 2, 3), (14, 4))
_SHAPES = ("o", "s", "^", "D", "v", "P", "X")


def variant_look(number: int) -> VariantLook:
    """The look of the variant with this number; the first 280 differ.

    Args:
        number: Its place among the variants, from 0.

    Example:
        >>> variant_look(0).shape, variant_look(1).shape
        ('o', 's')
    """
    light, dark = _COLOURS[number % len(_COLOURS)]
    return VariantLook(light, dark, _DASHES[number % len(_DASHES)], _SHAPES[number % len(_SHAPES)])
