"""An SVG as a PNG, with a font that is always there."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

MAX_PIXELS = 40_000_000
"""A larger picture is scaled down to it: 160 MB while it is drawn."""


def svg_to_png(svg: str, dpi: float = 96) -> bytes:
    """The PNG of an SVG drawing.

    Args:
        svg: The drawing; its width and height are in CSS pixels or points.
        dpi: Pixels per inch, 96 draws one pixel for a CSS pixel.

    Raises:
        ValueError: If ``dpi`` is not a number above 0.
    """
    import resvg_py

    if isinstance(dpi, bool) or not isinstance(dpi, int | float) or not 0 < dpi < float("inf"):
        raise ValueError(f"dpi must be a number above 0. Received: {dpi!r}.")
    width, height = _size(svg)
    zoom = min(dpi / 96, (MAX_PIXELS / (width * height)) ** 0.5)
    png = resvg_py.svg_to_bytes(
        svg_string=svg,
        zoom=zoom,
        dpi=96,
        background="#ffffff",
        skip_system_fonts=True,
        font_files=list(_fonts()),
        font_family="DejaVu Sans",
        sans_serif_family="DejaVu Sans",
        serif_family="DejaVu Sans",
    )
    return bytes(png)


def _size(svg: str) -> tuple[float, float]:
    head = svg[: svg.index(">", svg.index("<svg"))]
    found = re.search(r'width="([\d.]+)(pt|px)?"\s+height="([\d.]+)', head)
    if found is None:
        return 1.0, 1.0
    unit = 96 / 72 if found[2] == "pt" else 1.0
    return max(1.0, float(found[1]) * unit), max(1.0, float(found[3]) * unit)


@cache
def _fonts() -> tuple[str, ...]:
    """The DejaVu files that come with matplotlib: a bare machine has no fonts."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        return ()
    folder = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
    names = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
    return tuple(str(folder / name) for name in names if (folder / name).exists())
