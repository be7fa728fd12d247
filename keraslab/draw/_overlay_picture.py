"""The curves of several runs in the same axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from keraslab.draw._curves_picture import Plot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Okabe and Ito's palette, which the colour-blind tell apart; its yellow is faint on white."""
_DASHES = ("-", (0, (4, 2)))


def overlay(runs: Sequence[tuple[str, Sequence[Plot]]], said: str = "") -> Figure:
    """Draw an axes for each value, and in it a line for each run; validation is dashed.

    Args:
        runs: The name and the plots of each.
        said: One line above them.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    titles = dict.fromkeys(plot.title for _, plots in runs for plot in plots)
    columns = max(1, min(3, len(titles)))
    rows = max(1, math.ceil(len(titles) / columns))
    drawn = Figure(
        figsize=(max(5.0, 3.1 * columns), 2.6 * rows + 0.3), facecolor="white", layout="tight"
    )
    FigureCanvasAgg(drawn)
    if said:
        drawn.suptitle(said, fontsize=9.5, parse_math=False)
    for place, title in enumerate(titles):
        axes = drawn.add_subplot(rows, columns, place + 1)
        for number, (name, plots) in enumerate(runs):
            colour = _COLOURS[number % len(_COLOURS)]
            for plot in plots:
                if plot.title != title:
                    continue
                whole = any(line.kind != "batch" for line in plot.lines)
                for line in plot.lines:
                    if whole and line.kind == "batch":
                        continue
                    dashed = line.kind == "validation"
                    # An underscore at the front of a label would hide it.
                    label = f"\u200b{name}" + (" validation" if dashed else "")
                    marker = "." if len(line.x) < 40 else ""
                    axes.plot(
                        line.x, line.y, color=colour, lw=1.3, ls=_DASHES[dashed], marker=marker,
                        ms=4, label=label,
                    )  # fmt: skip
        axes.set_title(title, size=9.5, loc="left", parse_math=False)
        axes.tick_params(labelsize=8)
        axes.grid(color="#e4e4e4", lw=0.7)
        axes.spines[["top", "right"]].set_visible(False)
        if place == 0 and axes.lines:
            legend = axes.legend(fontsize=6.5, frameon=False)
            for text in legend.get_texts():
                text.set_parse_math(False)
    return drawn
