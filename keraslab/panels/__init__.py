"""What people touch: the graph of a model, and a build function under controls."""

from keraslab.panels._comparison import Comparison, compare
from keraslab.panels._diff import DiffView, diff
from keraslab.panels._findings import Explanation, explain
from keraslab.panels._run_panel import Run, fit
from keraslab.panels._show import GraphView, show
from keraslab.panels._watch import Watch, watch

__all__ = [
    "Comparison",
    "DiffView",
    "Explanation",
    "Explorer",
    "GraphView",
    "Run",
    "Watch",
    "compare",
    "diff",
    "explain",
    "explore",
    "fit",
    "show",
    "watch",
]


def __getattr__(name: str) -> object:
    # Only explore() needs ipywidgets; show() prints a table in a terminal without it.
    if name in ("Explorer", "explore"):
        from keraslab.panels import _explore

        return getattr(_explore, name)
    raise AttributeError(f"module 'keraslab.panels' has no attribute {name!r}")
