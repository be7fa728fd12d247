"""A probe as matplotlib figures: curves over depth, and feature maps."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

if TYPE_CHECKING:
    from keraslab.debug._probe import Probe
    from keraslab.debug._probe_maps import Maps
    from keraslab.debug._probe_rows import ProbeRow

# Okabe and Ito's colours, which all kinds of colour vision tell apart.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
_MARKERS = "osD^vP"
_MOST_NAMES = 30
"""Layers whose names still fit below the axis."""


def depth_figure(probes: Sequence[Probe]) -> Figure:
    """Two panels over depth: the spread of activations, and the norm of gradients.

    Args:
        probes: One for each model.
    """
    with_gradients = any(probe.loss is not None for probe in probes)
    shown = [[row for row in probe.rows if row.std is not None] for probe in probes]
    one = len(probes) == 1
    named = one and len(shown[0]) <= _MOST_NAMES
    panels = 2 if with_gradients else 1
    figure = Figure(figsize=(8.4, 2.9 * panels + (0.7 if named else 0.3)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(np.atleast_1d(figure.subplots(panels, 1, sharex=True)))
    for number, (probe, rows) in enumerate(zip(probes, shown, strict=True)):
        colour, marker = _COLOURS[number % 6], _MARKERS[number % 6]
        style = {"color": colour, "marker": marker, "markersize": 4, "linewidth": 1.4}
        places = list(range(len(rows))) if one else _depth_shares(rows)
        label = "standard deviation of what a layer gives" if one else probe.name
        axes[0].plot(places, _logs([row.std for row in rows]), label=label, **style)
        if not with_gradients:
            continue
        label = "with respect to what a layer gives" if one else probe.name
        axes[1].plot(places, _logs([row.gradient for row in rows]), label=label, **style)
        if one:
            gradients = [row.weight_gradient for row in rows]
            axes[1].plot(
                places, _logs(gradients), color=_COLOURS[1], marker="s", markersize=5,
                linestyle="none", label="with respect to its weights",
            )  # fmt: skip
            _mark_missing(axes[1], places, rows)
    _dress(axes[0], "Spread of activations", "standard deviation")
    if with_gradients:
        _dress(axes[1], "Gradient of the loss", "norm")
    if named:
        axes[-1].set_xticks(range(len(shown[0])), [row.name for row in shown[0]])
        axes[-1].tick_params(axis="x", labelrotation=90 if len(shown[0]) > 8 else 0, labelsize=8)
    else:
        axes[-1].set_xlabel("calls, from input to output" if one else "depth: input 0, output 1")
        if one:
            axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.suptitle(" and ".join(probe.name for probe in probes), fontsize=11)
    return figure


def _depth_shares(rows: Sequence[ProbeRow]) -> list[float]:
    return [number / max(1, len(rows) - 1) for number in range(len(rows))]


def _logs(values: Sequence[float | None]) -> list[float]:
    """Values for a logarithmic axis, with gaps where there is none to show."""
    return [v if v is not None and 0 < v < math.inf else math.nan for v in values]


def _mark_missing(axes: Any, places: Sequence[float], rows: Sequence[ProbeRow]) -> None:
    """A cross at the foot of the panel where no gradient arrives at all."""
    missing = [p for p, row in zip(places, rows, strict=True) if row.weight_gradient == 0]
    if missing:
        axes.plot(
            missing, [0.03] * len(missing), transform=axes.get_xaxis_transform(), marker="x",
            color="#b00020", linestyle="none", markersize=8, markeredgewidth=2,
            label="no gradient arrives at its weights",
        )  # fmt: skip


def _dress(axes: Any, title: str, label: str) -> None:
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_ylabel(label)
    drawn = [v for line in axes.lines for v in np.atleast_1d(line.get_ydata()) if v > 0]
    if drawn:
        axes.set_yscale("log")
        if max(drawn) < 10 * min(drawn):  # less than a decade has hardly a tick of its own
            middle = math.sqrt(max(drawn) * min(drawn))
            axes.set_ylim(middle / 10, middle * 10)
        axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(True, axis="y", color="#d8dde3", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(fontsize=8, frameon=False, loc="best")


def svg_of(probe: Probe) -> str:
    """The curves as SVG text, to stand in a page."""
    from matplotlib import rc_context

    file = io.StringIO()
    # A fixed salt: the same numbers give the same text.
    with rc_context({"svg.hashsalt": "keraslab"}):
        depth_figure([probe]).savefig(file, format="svg", metadata={"Date": None})
    text = file.getvalue()
    return text[text.index("<svg") :]


def map_figure(row: ProbeRow, maps: Maps) -> Figure:
    """The feature maps of one sample after a call.

    Args:
        row: The row of the call.
        maps: What was kept of them.
    """
    pixels = maps.pixels
    values = maps.low + pixels.astype("float32") / 255 * (maps.high - maps.low)
    colour = row.type == "InputLayer" and maps.channels == 3
    count = 1 if colour else len(pixels)
    columns = min(4, count)
    lines = -(-count // columns)
    high, wide = pixels.shape[1:]
    size = (1.75 * columns + 0.9, 1.75 * lines * min(2.0, max(0.5, high / wide)) + 0.75)
    figure = Figure(figsize=(max(size[0], 3.4), size[1]), layout="constrained")
    FigureCanvasAgg(figure)
    cells = np.atleast_1d(figure.subplots(lines, columns)).ravel()
    image = None
    for number, cell in enumerate(cells):
        cell.set_axis_off()
        if colour:
            cell.imshow(np.moveaxis(pixels, 0, -1))
        elif number < count:
            image = cell.imshow(values[number], cmap="viridis", vmin=maps.low, vmax=maps.high)
            cell.set_title(str(number), fontsize=7, pad=2)
    if image is not None:
        figure.colorbar(image, ax=list(cells), shrink=0.85, pad=0.02).ax.tick_params(labelsize=7)
    of = f", {count} of {maps.channels} maps" if count < maps.channels and not colour else ""
    figure.suptitle(f"{row.name}: {row.shape}{of}", fontsize=10)
    return figure
