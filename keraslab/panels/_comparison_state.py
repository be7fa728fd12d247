"""What the page is told of a comparison, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

from keraslab.draw._comparison_curves import (
    Band,
    axis_of,
    band_of_runs,
    curve_names,
    first_value,
)
from keraslab.draw._comparison_points import COSTS, front, points_of
from keraslab.draw._variant_looks import variant_look
from keraslab.graph._summary import short, size_text
from keraslab.panels._said import said
from keraslab.train._digits import mean_and_spread, plain
from keraslab.train._progress import duration
from keraslab.train._verdict import verdict

ENDED = ("done", "failed", "stopped", "dropped")
_POINTS = 12_000
"""Points of all curves in the page at most, as far as thirty a line allow it."""
_SAID = {
    "waiting": "waits",
    "done": "done",
    "failed": "failed",
    "stopped": "stopped",
    "dropped": "ended early, as the scores so far left it no chance",
}

Row = Mapping[str, Any]


def columns(score: str) -> list[dict[str, Any]]:
    """The columns of the live table: all are there from the beginning, so that none appears.

    Args:
        score: What the score is called.
    """
    return [
        {"label": score, "width": 14, "title": "On test data: mean ± standard deviation of seeds"},
        {"label": "parameters", "width": 8, "title": ""},
        {"label": "MACs", "width": 7, "title": "Multiply-accumulates of one example, forward"},
        {"label": "memory", "width": 7, "title": "Tensors of a training step, of one example"},
        {"label": "s/epoch", "width": 6, "title": "An epoch and its validation, the median"},
        {"label": "latency", "width": 7, "title": "One prediction of one example, measured"},
    ]


def cells_of(row: Row) -> list[str]:
    """The texts of one variant under these columns.

    Args:
        row: As ``Comparison.rows()`` gives it.
    """
    params, macs, memory = row.get("params"), row.get("macs"), row.get("memory")
    return [
        mean_and_spread(row.get("score"), row.get("sd")),
        "–" if params is None else short(params),
        "–" if macs is None else short(macs),
        "–" if memory is None else size_text(memory),
        _small(row.get("seconds_per_epoch")),
        seconds_text(row.get("latency")),
    ]


def _small(value: float | None) -> str:
    return "–" if value is None or not isfinite(value) else plain(value)


def seconds_text(value: float | None) -> str:
    """A short time in seconds, milliseconds or microseconds.

    Example:
        >>> seconds_text(0.00234), seconds_text(None)
        ('2.34 ms', '–')
    """
    if value is None or not isfinite(value):
        return "–"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{plain(value / size)} {unit}"
    return f"{plain(value * 1e6)} µs"


def runs_of(comparison: Any, variant: str) -> list[Any]:
    """The runs of one variant, by their seed index."""
    found = [run for run in comparison.runs if run.variant == variant]
    return sorted(found, key=lambda run: run.seed_index)


def run_said(run: Any, score: str) -> str:
    """How one run goes, in one line."""
    name = f"{run.variant}, seed {run.seed}"
    if run.status == "running":
        return f"{name}: running, {round(100 * run.part)} %, {_epochs(run.epoch)} done"
    parts = [_SAID.get(run.status, run.status)]
    if run.reused:
        parts = ["done before, taken from the store"]
    if run.score is not None:
        parts.append(f"{score} {plain(run.score, 4)}")
    if run.seconds and run.status != "waiting":
        parts.append(f"{_epochs(run.epoch)} in {duration(run.seconds)}")
    if run.peak_memory:
        parts.append(f"at most {size_text(run.peak_memory)} in its process")
    if run.error:
        parts.append(" ".join(str(run.error).split()))
    return f"{name}: " + ", ".join(parts)


def _epochs(count: int) -> str:
    return "1 epoch" if count == 1 else f"{count} epochs"


def headline(comparison: Any) -> tuple[str, float]:
    """How far the comparison is, in words and as a part of the whole.

    Args:
        comparison: The comparison.
    """
    runs = list(comparison.runs)
    ended = sum(run.status in ENDED for run in runs)
    parts = [1.0 if run.status in ENDED else run.part for run in runs if not run.reused]
    part = sum(parts) / len(parts) if parts else 1.0
    size = f"{len(comparison.variants)} variants × {len(comparison.seeds)} seeds"
    if comparison.status == "running":
        left = ""
        elapsed = comparison.elapsed
        if part > 0.04 and elapsed > 1 and not comparison.stopping:
            left = f", about {duration(elapsed * (1 - part) / part)} left"
        return f"{size}: {ended} of {len(runs)} runs ended{left}", part
    done = sum(run.status == "done" for run in runs)
    word = {"done": "Done", "stopped": "Stopped", "failed": "Failed"}
    reused = sum(bool(run.reused) for run in runs)
    more = f", {reused} of them from the store" if reused else ""
    said = f"{size}: {done} of {len(runs)} runs done{more}"
    return f"{word.get(comparison.status, comparison.status)}. {said}", 1.0


def curves_of(comparison: Any) -> dict[str, list[list[Band]]]:
    """The bands of every value, training first, thinned to what a page can take."""
    runs = {place: runs_of(comparison, name) for place, name in enumerate(comparison.variants)}
    names = curve_names([run.history for some in runs.values() for run in some])
    most = max(30, min(400, _POINTS // max(1, 2 * len(names) * len(runs))))
    found = {}
    for name in names:
        both = [
            [band_of_runs(comparison, place, some, key, most) for place, some in runs.items()]
            for key in (name, f"val_{name}")
        ]
        found[name] = [[each for each in side if each is not None] for side in both]
    return found


def facts_of(comparison: Any) -> dict[str, Any]:
    """What changes only when a run ends: scores, costs, and what they say."""
    rows = comparison.rows()
    points = {}
    for cost in COSTS:
        at = points_of(rows, cost)
        points[cost] = {
            "at": [{"variant": p.variant, "x": p.cost, "y": p.score, "sd": p.sd} for p in at],
            "front": front(at, higher_is_better=comparison.higher_is_better),
        }
    first, *said_more = _verdict(comparison)
    return {
        "columns": columns(comparison.score_name),
        "table": [cells_of(row) for row in rows],
        "points": points,
        "first": first,
        "verdict": said_more,
        "markdown": comparison.to_markdown(),
        "latex": comparison.to_latex(),
        "held": list(comparison.held_equal),
        "estimate": _lines(getattr(comparison.estimate, "said", None)),
    }


def _verdict(comparison: Any) -> list[str]:
    """What the scores say; while runs are to come, of the variants that have any."""
    if comparison.status != "running":
        return list(comparison.verdict.sentences)
    scores = {variant: some for variant, some in comparison.scores.items() if some}
    if not scores:
        return ["Nothing yet: no run has ended."]
    found = verdict(
        scores,
        name=comparison.score_name,
        higher_is_better=comparison.higher_is_better,
        dropped=tuple(comparison.dropped),
    )
    return [f"So far: {found.sentences[0]}", *found.sentences[1:]]


def frame_of(comparison: Any) -> dict[str, Any]:
    """What stays the same from the beginning: names, looks, and what was agreed."""
    return {
        "variants": [
            {"name": name, "look": asdict(variant_look(place))}
            for place, name in enumerate(comparison.variants)
        ],
        "score": comparison.score_name,
        "higher": comparison.higher_is_better,
        "costs": COSTS,
        "axis": axis_of(comparison),
        "provenance": provenance_lines(comparison.provenance),
    }


def progress_of(comparison: Any) -> dict[str, Any]:
    """What changes all the time: how far each run is."""
    text, part = headline(comparison)
    names = curve_names([run.history for run in comparison.runs])
    return {
        "text": text,
        "fraction": part,
        "running": comparison.status == "running",
        "stopping": comparison.stopping,
        "note": _note(comparison),
        "value": first_value(names, comparison.score_name),
        "sides": ["training", "validation"] if comparison.validates else ["training"],
        "cells": [
            [
                {
                    "status": "reused" if run.reused else run.status,
                    "part": run.part,
                    "said": run_said(run, comparison.score_name),
                }
                for run in runs_of(comparison, variant)
            ]
            for variant in comparison.variants
        ],
    }


def _note(comparison: Any) -> str:
    """What went wrong, in one line."""
    if comparison.error is not None:
        return said(comparison.error).splitlines()[0]
    failed = sum(run.status == "failed" for run in comparison.runs)
    word = "run" if failed == 1 else "runs"
    return f"{failed} {word} failed: what is found stands at the end." if failed else ""


def provenance_lines(found: Mapping[str, Any]) -> list[str]:
    """Where the numbers come from, a line each, in plain text."""
    lines = []
    for key, value in found.items():
        if value is None or value == {} or value == "":
            continue
        if isinstance(value, Mapping):
            value = ", ".join(f"{name} {each}" for name, each in value.items())
        elif isinstance(value, bool):
            value = "yes" if value else "no"
        elif isinstance(value, list | tuple):
            value = ", ".join(str(each) for each in value)
        lines.append(f"{key.replace('_', ' ')}: {value}")
    return lines


def _lines(text: Any) -> list[str]:
    if text is None:
        return []
    return text.splitlines() if isinstance(text, str) else [str(each) for each in text]


def failed_variants(comparison: Any) -> list[tuple[str, list[Any]]]:
    """The variants with runs that failed, and those of their runs that say different things."""
    found = []
    for variant in comparison.variants:
        different: dict[str, Any] = {}
        for run in runs_of(comparison, variant):
            if run.status == "failed":
                different.setdefault(str(run.error), run)
        if different:
            found.append((variant, list(different.values())))
    return found


def signature(comparison: Any) -> Sequence[Any]:
    """What tells whether a run has ended, or begun, since the last look."""
    return [comparison.status, *((run.status, run.score) for run in comparison.runs)]
