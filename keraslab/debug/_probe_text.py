"""A probe as a table, for a terminal and for a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keraslab.debug._probe import Probe
    from keraslab.debug._probe_rows import ProbeRow

_TITLES = ("Layer", "Type", "Gives", "Mean", "Std", "Min", "Max", "Zero", "Dead", "Saturated",
           "Not finite", "Gradient", "Weights' gradient", "to weights")  # fmt: skip
_LEFT = 3
"""Columns of text; the numbers after them stand at the right."""
_KEPT = 5
"""Columns that are there even where they say nothing."""
_LONGEST = 28
_TEXT = ' style="text-align:left"'
"""Said in each cell: notebooks give the cells of a table an alignment of their own."""
_TABLE = (
    "border-collapse:collapse;font-size:.9em;font-variant-numeric:tabular-nums;"
    "text-align:right;white-space:nowrap"
)
_SHELF = "display:flex;flex-wrap:wrap;gap:1em;align-items:flex-start"
_PAPER = "background:#fff;color:#1f2328;"
_SCROLLS = "max-height:38em;overflow:auto;border:1px solid var(--jp-border-color2,#ccc);"
"""A deep model's graph is long: it scrolls, in a frame that shows where it is cut."""


def number(value: float | None) -> str:
    """A number with three digits that count; nothing where there is none."""
    return "" if value is None else f"{value:.3g}"


def percent(share: float | None) -> str:
    """A share as percent; nothing where there is none."""
    if share is None:
        return ""
    return "0" if share == 0 else "<1 %" if share < 0.01 else f"{100 * share:.0f} %"


def title_of(probe: Probe) -> str:
    """One line: the model, the batch, the loss, and how it was measured."""
    samples = "1 sample" if probe.samples == 1 else f"{probe.samples} samples"
    loss = [] if probe.loss is None else [f"loss {number(probe.loss)}"]
    return f"{probe.name}: " + "; ".join([", ".join([samples, *loss]), *probe.notes])


def cells_of(row: ProbeRow) -> tuple[str, ...]:
    """The texts of one row."""
    dead = "" if row.units is None else "0" if not row.dead else f"{row.dead} of {row.units}"
    return (
        row.name, row.type, row.shape, number(row.mean), number(row.std), number(row.min),
        number(row.max), percent(row.zeros), dead, percent(row.saturated),
        str(row.nonfinite) if row.nonfinite else "", number(row.gradient),
        number(row.weight_gradient), number(row.ratio),
    )  # fmt: skip


def _table(probe: Probe) -> tuple[list[str], list[tuple[str, ...]]]:
    rows = [cells_of(row) for row in probe.rows if row.std is not None or row.weights]
    kept = [n for n in range(len(_TITLES)) if n < _KEPT or any(row[n] for row in rows)]
    return [_TITLES[n] for n in kept], [tuple(row[n] for n in kept) for row in rows]


def text_of(probe: Probe) -> str:
    """The probe as plain text, a row for each call.

    Args:
        probe: What was measured.
    """
    titles, rows = _table(probe)
    lines = [tuple(titles), *[tuple(_cut(cell) for cell in row) for row in rows]]
    widths = [max(len(line[n]) for line in lines) for n in range(len(titles))]

    def laid_out(line: tuple[str, ...]) -> str:
        cells = [
            cell.ljust(width) if n < _LEFT else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    return "\n".join([title_of(probe), "", *map(laid_out, lines)])


def html_of(probe: Probe, pictures: Sequence[str]) -> str:
    """The probe as one block of HTML; every text in it is escaped.

    Args:
        probe: What was measured.
        pictures: SVGs to stand above the table, side by side where there is room; all but
            the first scroll.
    """
    titles, rows = _table(probe)

    def line(cells: Sequence[str], tag: str) -> str:
        texts = [
            f"<{tag}{_TEXT if n < _LEFT else ''}>{escape(cell)}</{tag}>"
            for n, cell in enumerate(cells)
        ]
        return f"<tr>{''.join(texts)}</tr>"

    shown = "".join(
        f'<div style="{_PAPER}{_SCROLLS if n else ""}">{picture}</div>'
        for n, picture in enumerate(pictures)
    )
    return (
        '<div style="color:var(--jp-content-font-color1,inherit);overflow-x:auto">'
        f'<div style="font-weight:600;margin-bottom:.4em">{escape(title_of(probe))}</div>'
        f'<div style="{_SHELF}">{shown}</div>'
        f'<table cellpadding="4" style="{_TABLE}"><thead>{line(titles, "th")}</thead>'
        f"<tbody>{''.join(line(row, 'td') for row in rows)}</tbody></table></div>"
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
