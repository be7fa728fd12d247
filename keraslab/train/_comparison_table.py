"""The table of a comparison: a row per variant, as plain values, Markdown and LaTeX."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from statistics import fmean, median, stdev
from typing import Any

from keraslab.graph._summary import size_text
from keraslab.train._digits import mean_and_spread, plain
from keraslab.train._escape import latex_text, markdown_text
from keraslab.train._paired import usable

Row = Mapping[str, Any]


def rows_of(comparison: Any) -> list[dict[str, Any]]:
    """A row per variant, in the order given.

    Args:
        comparison: Its ``variants``, ``runs``, ``graphs``, ``verdict`` and ``score_name`` are
            read.

    Returns:
        Rows with ``variant``; ``score_name``; ``score`` and ``sd``, mean and standard deviation
        over the ``seeds`` seeds that have a score; ``runs``, how many there are, and ``status``;
        ``params`` and ``macs``; ``memory``, bytes that the tensors of a training step take for
        one example beside the weights; ``peak_memory``, bytes a process was seen to hold;
        ``seconds_per_epoch`` and ``latency``, medians in seconds; ``best``, whether the verdict
        says that nothing else is as good. What is not known is None.
    """
    best = set(comparison.verdict.best)
    found = []
    for variant in comparison.variants:
        runs = [run for run in comparison.runs if run.variant == variant]
        scores = [run.score for run in runs if run.status == "done" and usable(run.score)]
        graph = comparison.graphs.get(variant)
        found.append(
            {
                "variant": variant,
                "score_name": comparison.score_name,
                "score": fmean(scores) if scores else None,
                "sd": stdev(scores) if len(scores) > 1 else None,
                "seeds": len(scores),
                "runs": len(runs),
                "status": _status([run.status for run in runs]),
                "params": None if graph is None or graph.unknown_params else graph.params,
                "macs": None if graph is None else graph.macs,
                "memory": None if graph is None else graph.costs.training_sum,
                "peak_memory": max((m for run in runs if (m := run.peak_memory)), default=None),
                "seconds_per_epoch": _middle([s for run in runs for s in _epochs(run.times)]),
                "latency": _middle([run.latency for run in runs if _is_finite(run.latency)]),
                "best": variant in best,
            }
        )
    return found


def _is_finite(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def _middle(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def _epochs(times: Sequence[float] | None) -> list[float]:
    """Seconds of each epoch, from the seconds at which they ended."""
    return [after - before for before, after in pairwise([0.0, *(times or ())])]


def _status(each: Sequence[str]) -> str:
    """One word for all runs of a variant, or how many are in which state."""
    counts = {status: each.count(status) for status in dict.fromkeys(each)}
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {status}" for status, count in counts.items())


class _Column:
    """One column: how it is called, and how its values are written.

    Args:
        head: Its name; may ask the rows.
        write: Gives a value as text.
        key: Without a value under it in any row there is no column.
    """

    def __init__(
        self,
        head: str | Callable[[Sequence[Row]], str],
        write: Callable[[Row], str],
        key: str,
        *,
        number: bool = True,
    ) -> None:
        self.head = head
        self.write = write
        self.key = key
        self.number = number


def _seconds(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "–"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{plain(value / size)} {unit}"
    return f"{plain(value / 1e-6)} µs" if value else "0 s"


def _count(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _bytes(value: int | None) -> str:
    return "–" if value is None else size_text(value)


def _score_head(rows: Sequence[Row]) -> str:
    name = str(rows[0].get("score_name") or "score")
    seeds = sorted({row["seeds"] for row in rows if row["seeds"]})
    if not seeds or seeds[-1] < 2:
        return name
    many = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    return f"{name}, mean ± sd of {many} seeds"


_COLUMNS = (
    _Column("variant", lambda row: str(row["variant"]), "variant", number=False),
    _Column(_score_head, lambda row: mean_and_spread(row["score"], row["sd"]), "variant"),
    _Column("parameters", lambda row: _count(row["params"]), "params"),
    _Column("MACs", lambda row: _count(row["macs"]), "macs"),
    _Column("memory per example", lambda row: _bytes(row["memory"]), "memory"),
    _Column("peak memory", lambda row: _bytes(row["peak_memory"]), "peak_memory"),
    _Column("time per epoch", lambda row: _seconds(row["seconds_per_epoch"]), "seconds_per_epoch"),
    _Column("latency", lambda row: _seconds(row["latency"]), "latency"),
    _Column("status", lambda row: str(row["status"]), "status", number=False),
)


def columns(rows: Sequence[Row]) -> list[tuple[str, bool, list[str]]]:
    """The table's columns as text: head, whether it holds numbers, and a cell per row.

    Columns without a value are left out, and the status where all runs are done.

    Args:
        rows: What ``rows_of`` gives.
    """
    found = []
    for column in _COLUMNS:
        if column.key == "status" and all(row["status"] == "done" for row in rows):
            continue
        if any(row.get(column.key) is not None for row in rows):
            head = column.head if isinstance(column.head, str) else column.head(rows)
            found.append((head, column.number, [column.write(row) for row in rows]))
    return found


def markdown(rows: Sequence[Row]) -> str:
    """The table as Markdown; in bold where the verdict calls a variant the best.

    Args:
        rows: What ``rows_of`` gives.
    """
    if not rows:
        return ""
    return _lines(
        rows,
        markdown_text,
        lambda text: f"**{text}**",
        lambda cells: f"| {' | '.join(cells)} |",
        lambda numbers: ["|" + "|".join(" ---: " if each else " --- " for each in numbers) + "|"],
    )


def latex(rows: Sequence[Row]) -> str:
    r"""The table as LaTeX with the rules of the package booktabs; in bold where the best is.

    Args:
        rows: What ``rows_of`` gives.
    """
    if not rows:
        return ""
    spec = "".join("r" if number else "l" for _, number, _ in columns(rows))
    body = _lines(
        rows,
        _latex_cell,
        lambda text: rf"\textbf{{{text}}}",
        lambda cells: f"{' & '.join(cells)} \\\\",
        lambda _: [r"\midrule"],
    )
    return "\n".join(
        [
            "% needs \\usepackage{booktabs}",
            rf"\begin{{tabular}}{{{spec}}}",
            r"\toprule",
            body,
            r"\bottomrule",
            r"\end{tabular}",
        ]
    )


def _latex_cell(text: str) -> str:
    said = latex_text(text)
    for sign, command in (("±", r"$\pm$"), ("µ", r"$\mu$"), ("–", "--")):
        said = said.replace(sign, command)
    return said


def _lines(
    rows: Sequence[Row],
    escape: Callable[[str], str],
    bold: Callable[[str], str],
    line: Callable[[Sequence[str]], str],
    between: Callable[[Sequence[bool]], list[str]],
) -> str:
    table = columns(rows)
    lines = [line([escape(head) for head, _, _ in table])]
    lines += between([number for _, number, _ in table])
    for place, row in enumerate(rows):
        cells = [escape(cells[place]) for _, _, cells in table]
        if row.get("best"):
            cells[:2] = [bold(cell) for cell in cells[:2]]
        lines.append(line(cells))
    return "\n".join(lines)
