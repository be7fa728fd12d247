"""Shared by the benchmarks: repeated, interleaved timing and a table with what it ran on."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("keraslab", "keras", "tensorflow", "jupyterlab", "ipywidgets", "mini-racer", "pydot")


def interleaved(work: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each piece of work, run in turn so that a noisy minute hits them all."""
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(repeats):
        for name, run in work.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def row(name: str, seconds: list[float]) -> str:
    """A Markdown row: median, fastest, slowest, in milliseconds."""
    median, low, high = (1000 * f(seconds) for f in (statistics.median, min, max))
    return f"| {name} | {median:.1f} | {low:.1f} | {high:.1f} | {len(seconds)} |"


HEADER = "| work | median ms | fastest | slowest | runs |\n|---|---|---|---|---|"


def machine() -> str:
    """One paragraph: date, machine, Python and package versions."""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    today = datetime.datetime.now(datetime.UTC).date()
    return (
        f"{today}, {platform.system()} {platform.machine()}, {cores} cores{load}, "
        f"Python {sys.version.split()[0]}, {', '.join(found)}"
    )
