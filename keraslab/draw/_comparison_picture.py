"""The still picture of a comparison: bands of curves, and score against cost."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keraslab.draw._comparison_curves import AXES, Band, axis_of, bands_of, curve_names, first_value
from keraslab.draw._comparison_points import COSTS, Point, front, points_of
from keraslab.draw._variant_looks import variant_look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK, _FAINT, _GRID = "#333333", "#666666", "#e4e4e4"
_WIDTH, _HEIGHT, _HEAD = 3.3, 2.7, 0.24
_LEGEND_ROW = 0.17
_LONGEST = 34


def figure(comparison: Any, value: str | None = None, cost: str = "macs") -> Figure:
    """Draw a comparison as a matplotlib figure on a white ground.

    Args:
        comparison: The comparison, ended or not: what has ``variants``, ``runs``, ``rows()``,
            ``score_name``, ``higher_is_better`` and ``budget``, along which curves are drawn.
        value: Whose curves to draw, such as ``"loss"``; None for the score's where it was
            logged, or else the first.
        cost: What the score is set against: ``"macs"``, ``"params"``,
            ``"seconds_per_epoch"`` or ``"latency"``.

    Returns:
        The figure: training, validation where there is one, and score against cost.

    Raises:
        ValueError: If nothing was logged under ``value``, or ``cost`` is none of these.
    """
    if cost not in COSTS:
        raise ValueError(f"cost takes one of {', '.join(COSTS)}. Received: {cost!r}.")
    names = curve_names([run.history for run in comparison.runs])
    if value is not None and value.removeprefix("val_") not in names:
        raise ValueError(
            f"value takes one of {', '.join(names) or '(nothing was logged yet)'}. "
            f"Received: {value!r}."
        )
    chosen = first_value(names, comparison.score_name) if value is None else value
    chosen = chosen.removeprefix("val_")
    sides = {
        f"{chosen}, {side}": bands_of(comparison, prefix + chosen)
        for side, prefix in (("training", ""), ("validation", "val_"))
    }
    return _drawn(
        list(comparison.variants),
        {title: found for title, found in sides.items() if found},
        points_of(comparison.rows(), cost),
        along=axis_of(comparison),
        score=comparison.score_name,
        cost=COSTS[cost],
        higher_is_better=comparison.higher_is_better,
    )


def _drawn(
    variants: Sequence[str],
    curves: Mapping[str, Sequence[Band]],
    points: Sequence[Point],
    *,
    along: str,
    score: str,
    cost: str,
    higher_is_better: bool,
) -> Figure:
    """Draw bands and points; the legend stands above them and holds for all.

    Args:
        variants: All names, in their order.
        curves: The bands of each plot, under its title.
        points: Score against cost.
        along: What the curves are drawn along.
        score: What the score is called.
        cost: What the cost is called.
        higher_is_better: Whether a high score is a good one.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import EngFormatter, MaxNLocator

    columns = len(curves) + 1
    width = max(_WIDTH * columns, 5.0)
    keys = _legend(variants)
    each_row = max(1, int(width / 2.2))
    head = _HEAD + _LEGEND_ROW * (-(-len(keys) // each_row) - 1)
    height = _HEIGHT + head
    drawn = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(drawn)
    grid = drawn.add_gridspec(
        1,
        columns,
        left=0.6 / width,
        right=1 - 0.15 / width,
        top=1 - (head + 0.28) / height,
        bottom=0.45 / height,
        wspace=0.3,
    )
    for place, (title, found) in enumerate(curves.items()):
        axes = drawn.add_subplot(grid[0, place])
        _bands(axes, found)
        _dress(axes, title, along)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=along == AXES["epochs"]))
        if along == AXES["macs"]:
            axes.xaxis.set_major_formatter(EngFormatter())
    axes = drawn.add_subplot(grid[0, columns - 1])
    better = "higher is better" if higher_is_better else "lower is better"
    _points(axes, points, higher_is_better)
    _dress(axes, f"{score} ({better})", cost)
    if not points:
        axes.text(0.5, 0.5, "no run is done", ha="center", size=9, color=_FAINT)
    legend = drawn.legend(
        handles=keys, loc="upper left", ncols=each_row, fontsize=8, frameon=False,
        bbox_to_anchor=(0.0, 1.0), handlelength=3.2, labelspacing=0.3,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set_parse_math(False)
    return drawn


def _legend(variants: Sequence[str]) -> list[Any]:
    from matplotlib.lines import Line2D

    # An underscore at the front of a label would hide it.
    labels = [f"\u200b{textwrap.shorten(name, _LONGEST, placeholder='…')}" for name in variants]
    return [Line2D([], [], label=label, **_line(place)) for place, label in enumerate(labels)]


def _line(number: int) -> dict[str, Any]:
    look = variant_look(number)
    dash = (0, tuple(each / 1.6 for each in look.dash)) if look.dash else "-"
    return {"color": look.light, "ls": dash, "lw": 1.6, "marker": look.shape, "ms": 4}


def _bands(axes: Axes, bands: Sequence[Band]) -> None:
    for each in bands:
        style = _line(each.variant)
        every = max(1, len(each.x) // 12)
        axes.fill_between(each.x, each.low, each.high, color=style["color"], alpha=0.18, lw=0)
        axes.plot(each.x, each.mean, markevery=every, **style)
    known = np.concatenate([each.low for each in bands]) if bands else np.array([])
    top = np.concatenate([each.high for each in bands]) if bands else known
    known, top = known[np.isfinite(known)], top[np.isfinite(top)]
    if len(known) and known.min() > 0 and top.max() > 100 * known.min():
        axes.set_yscale("log")


def _points(axes: Axes, points: Sequence[Point], higher_is_better: bool) -> None:
    best = front(points, higher_is_better=higher_is_better)
    if len(best) > 1:
        along = [points[place] for place in best]
        axes.step(
            [each.cost for each in along], [each.score for each in along],
            where="post", color="#888888", lw=1, ls=(0, (3, 2)), zorder=1,
        )  # fmt: skip
    for each in points:
        style = _line(each.variant) | {"ls": "", "ms": 7, "zorder": 3}
        axes.errorbar(each.cost, each.score, yerr=each.sd, capsize=3, elinewidth=1, **style)
    costs = [each.cost for each in points]
    if costs and min(costs) > 0 and max(costs) > 30 * min(costs):
        axes.set_xscale("log")
    else:
        axes.locator_params(axis="x", nbins=4)
    axes.margins(x=0.12, y=0.12)


def _dress(axes: Axes, title: str, below: str) -> None:
    short = textwrap.shorten(title, 44, placeholder="…")
    axes.set_title(short, size=9.5, color=_INK, loc="left", parse_math=False)
    axes.set_xlabel(below, size=8, color=_FAINT, labelpad=1)
    axes.tick_params(labelsize=8, colors=_FAINT, length=2.5)
    axes.grid(color=_GRID, lw=0.7)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#bbbbbb")
