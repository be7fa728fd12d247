"""Training curves as data, and the still picture of them."""

from __future__ import annotations

import base64
import io
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
Kind = Literal["batch", "train", "validation", "value"]
"""``"value"`` is what belongs to a step and not to data, such as a learning rate."""

TRAIN = "#0072b2"
VALIDATION = "#d55e00"
"""Two colours of Okabe and Ito's palette, which the colour-blind tell apart."""

MARK = "#7a3f8f"
"""For what is marked on the plots; told apart by shape too."""

_HANGING: dict[str, Any] = {"subsequent_indent": "   "}
_INK, _FAINT, _GRID = "#333333", "#666666", "#e4e4e4"
_COLUMNS, _WIDTH, _HEIGHT = 3, 2.9, 2.2


@dataclass(frozen=True)
class Line:
    """One line of a plot; a NaN in ``y`` is a gap in it."""

    id: str
    kind: Kind
    x: Floats
    y: Floats
    count: int
    """How many recorded points it stands for; more than it holds when it was thinned."""


@dataclass(frozen=True)
class Mark:
    """A mark on a plot.

    ``"best"`` is a place ``(x, y)``; ``"gap"`` reaches at ``x`` from ``y`` to ``to``;
    ``"baseline"`` is a level ``y``.
    """

    kind: Literal["best", "gap", "baseline"]
    x: float | None = None
    y: float | None = None
    to: float | None = None
    label: str = ""


@dataclass(frozen=True)
class Plot:
    """One metric of one output: training and validation together."""

    id: str
    title: str
    output: str
    metric: str
    lines: tuple[Line, ...]

    @property
    def is_loss(self) -> bool:
        """Whether small values matter most, so that a logarithmic scale is of use."""
        words = ("loss", "error", "mse", "mae", "learning_rate", "gradient_norm", "update_norm")
        return any(word in self.metric.lower() for word in words)


def figure(
    plots: Sequence[Plot],
    *,
    said: str = "",
    note: str = "",
    axis: str = "epoch",
    below: Sequence[str] = (),
    marks: Mapping[str, Sequence[Mark]] | None = None,
) -> Figure:
    """Draw all plots in one matplotlib figure on a white ground.

    Args:
        plots: What to draw; a plot each, three to a row.
        said: One line above them.
        note: A second line, for what went wrong.
        axis: What the horizontal axis counts.
        below: Sentences under the plots, a paragraph each.
        marks: Marks on the plots, under the plots' ids.

    Example:
        >>> import numpy as np
        >>> line = Line("loss", "train", np.array([1.0, 2.0]), np.array([0.7, 0.4]), 2)
        >>> len(figure([Plot("loss", "loss", "", "loss", (line,))]).axes)
        1
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = max(1, min(_COLUMNS, len(plots)))
    rows = math.ceil(len(plots) / columns)
    width = max(columns * _WIDTH, 5.0)
    heading = 0.34 + (0.24 if note else 0.0)
    lines = [line for each in below for line in textwrap.wrap(each, int(width * 16.5), **_HANGING)]
    footing = 0.15 * len(lines) + 0.1 if lines else 0.0
    height = heading + rows * _HEIGHT + footing
    drawn = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(drawn)
    drawn.text(0.012, 1 - 0.2 / height, said, size=9.5, color=_INK, va="center", parse_math=False)
    if note:
        drawn.text(
            0.012, 1 - 0.44 / height, note, size=8.5, color="#a32a00", va="center", parse_math=False
        )
    for place, line in enumerate(reversed(lines)):
        drawn.text(0.012, (0.1 + 0.15 * place) / height, line, size=8, color=_INK, parse_math=False)
    if plots:
        grid = drawn.add_gridspec(
            rows,
            columns,
            left=0.52 / width,
            right=1 - 0.12 / width,
            top=1 - (heading + 0.3) / height,
            bottom=(0.42 + footing) / height,
            wspace=0.28,
            hspace=0.5,
        )
        for place, plot in enumerate(plots):
            axes = drawn.add_subplot(grid[place // columns, place % columns])
            _draw(axes, plot, axis, (marks or {}).get(plot.id, ()))
    return drawn


def _draw(axes: Axes, plot: Plot, axis: str, marks: Sequence[Mark]) -> None:
    from matplotlib.ticker import MaxNLocator

    styles: dict[Kind, dict[str, Any]] = {
        "batch": {"color": TRAIN, "alpha": 0.45, "lw": 0.8, "label": "each batch"},
        "train": {"color": TRAIN, "lw": 1.6, "marker": "o", "label": "train"},
        "validation": {
            "color": VALIDATION,
            "lw": 1.6,
            "ls": (0, (4, 2)),
            "marker": "s",
            "mfc": "white",
            "label": "validation",
        },
        "value": {"color": TRAIN, "lw": 1.2},
    }
    for line in plot.lines:
        if len(line.x):
            style = styles[line.kind]
            if len(line.x) > 40:
                style["marker"] = ""
            axes.plot(line.x, line.y, ms=3.2, **style)
    for mark in marks:
        _mark(axes, mark)
    xs = np.concatenate([line.x for line in plot.lines])
    if len(xs) and xs.max() > xs.min():
        axes.set_xlim(np.floor(xs.min()), np.ceil(xs.max() - 1e-9))
    title = plot.title
    if plot.is_loss and _wide(plot):
        axes.set_yscale("log")
        title += " (logarithmic)"
    else:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.set_title(title, size=9.5, color=_INK, loc="left", parse_math=False)
    axes.set_xlabel(axis, size=8, color=_FAINT, labelpad=1)
    axes.tick_params(labelsize=8, colors=_FAINT, length=2.5)
    axes.grid(color=_GRID, lw=0.7)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#bbbbbb")
    if any(not str(line.get_label()).startswith("_") for line in axes.lines):
        frame: dict[str, Any] = {
            "facecolor": "white",
            "edgecolor": "none",
            "framealpha": 0.75,
            "borderpad": 0.1,
        }
        axes.legend(fontsize=7, labelcolor=_INK, handlelength=2.4, borderaxespad=0.1, **frame)


def _mark(axes: Axes, mark: Mark) -> None:
    look: dict[str, Any] = {"color": MARK, "lw": 1.0, "zorder": 1.5}
    if mark.kind == "baseline" and mark.y is not None:
        axes.axhline(mark.y, ls=(0, (1, 2)), label=mark.label, **look)
    elif mark.kind == "best" and mark.x is not None and mark.y is not None:
        axes.axvline(mark.x, ls=(0, (1, 3)), **look)
        ring: dict[str, Any] = {"marker": "o", "ms": 8, "mfc": "none", "mec": MARK, "ls": ""}
        axes.plot([mark.x], [mark.y], label=mark.label, **ring)
    elif mark.x is not None and mark.y is not None and mark.to is not None:
        ends: dict[str, Any] = {"marker": "_", "ms": 6, **look, "zorder": 3}
        axes.plot([mark.x, mark.x], [mark.y, mark.to], label=mark.label, **ends)


def _wide(plot: Plot) -> bool:
    """Whether the values span so much that a linear scale would show the first ones only."""
    y = np.concatenate([line.y for line in plot.lines])
    y = y[np.isfinite(y)]
    return bool(len(y) and y.min() > 0 and y.max() > 100 * y.min())


def png(drawn: Figure, *, dpi: int = 110, colours: int = 96) -> bytes:
    """The figure as PNG bytes, in few colours, as it is kept inside notebooks."""
    from PIL import Image

    raw, small = io.BytesIO(), io.BytesIO()
    drawn.savefig(raw, format="png", dpi=dpi)
    Image.open(raw).convert("RGB").quantize(colours).save(small, "PNG", optimize=True)
    return small.getvalue()


def image_tag(picture: bytes, width: float, alt: str) -> str:
    """An ``<img>`` that holds the PNG itself and is never wider than its place.

    Args:
        picture: The PNG.
        width: How wide it is shown where there is room, in pixels.
        alt: What it shows, in words, for those who cannot see it.
    """
    from html import escape

    data = base64.b64encode(picture).decode("ascii")
    return (
        f'<img alt="{escape(alt, quote=True)}" src="data:image/png;base64,{data}" '
        f'style="width:{width:.0f}px;max-width:100%">'
    )
