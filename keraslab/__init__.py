"""keraslab: an architecture lab for Keras Functional models inside Jupyter.

Importing the package loads neither TensorFlow nor ipywidgets; each public name
brings in what it needs on first use.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING
from typing import Any as _Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from keraslab import blocks as blocks
    from keraslab import datasets as datasets
    from keraslab import zoo as zoo
    from keraslab.debug import Finding as Finding
    from keraslab.debug import Probe as Probe
    from keraslab.debug import Report as Report
    from keraslab.debug import check as check
    from keraslab.debug import diagnose as diagnose
    from keraslab.debug import explained as explained
    from keraslab.debug import probe as probe
    from keraslab.draw import plot_model as plot_model
    from keraslab.graph import Cost as Cost
    from keraslab.graph import Graph as Graph
    from keraslab.graph import cost_of as cost_of
    from keraslab.graph import materialize as materialize
    from keraslab.graph import read_graph as read_graph
    from keraslab.graph import skeleton as skeleton
    from keraslab.graph import summary as summary
    from keraslab.graph import to_code as to_code
    from keraslab.graph import what_if as what_if
    from keraslab.panels import Comparison as Comparison
    from keraslab.panels import Run as Run
    from keraslab.panels import compare as compare
    from keraslab.panels import diff as diff
    from keraslab.panels import explain as explain
    from keraslab.panels import explore as explore
    from keraslab.panels import fit as fit
    from keraslab.panels import show as show
    from keraslab.panels import watch as watch
    from keraslab.train import LiveCurves as LiveCurves
    from keraslab.train import ModelInUseError as ModelInUseError
    from keraslab.train import Store as Store
    from keraslab.train import StoreError as StoreError
    from keraslab.train import grid as grid
    from keraslab.train import match as match
    from keraslab.train import runs as runs

_ROOM_OF = {
    "Comparison": "panels",
    "compare": "panels",
    "Cost": "graph",
    "check": "debug",
    "cost_of": "graph",
    "Finding": "debug",
    "Graph": "graph",
    "LiveCurves": "train",
    "diagnose": "debug",
    "diff": "panels",
    "explain": "panels",
    "explained": "debug",
    "explore": "panels",
    "fit": "panels",
    "grid": "train",
    "match": "train",
    "materialize": "graph",
    "ModelInUseError": "train",
    "plot_model": "draw",
    "probe": "debug",
    "read_graph": "graph",
    "Probe": "debug",
    "Report": "debug",
    "Run": "panels",
    "runs": "train",
    "show": "panels",
    "skeleton": "graph",
    "Store": "train",
    "StoreError": "train",
    "summary": "graph",
    "to_code": "graph",
    "watch": "panels",
    "what_if": "graph",
}

__all__ = [
    "Comparison",
    "Cost",
    "Finding",
    "Graph",
    "LiveCurves",
    "ModelInUseError",
    "Probe",
    "Report",
    "Run",
    "Store",
    "StoreError",
    "__version__",
    "blocks",
    "check",
    "compare",
    "cost_of",
    "datasets",
    "diagnose",
    "diff",
    "explain",
    "explained",
    "explore",
    "fit",
    "grid",
    "match",
    "materialize",
    "plot_model",
    "probe",
    "read_graph",
    "runs",
    "show",
    "skeleton",
    "summary",
    "to_code",
    "watch",
    "what_if",
    "zoo",
]


def __getattr__(name: str) -> _Any:
    if name in ("blocks", "datasets", "zoo"):
        return _import_module(f"keraslab.{name}")
    if name in _ROOM_OF:
        value = getattr(_import_module(f"keraslab.{_ROOM_OF[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'keraslab' has no attribute {name!r}")


def load_ipython_extension(ipython: _Any) -> None:
    """Add ``%%lens`` and findings under errors; ``%load_ext keraslab`` calls this."""
    _import_module("keraslab.panels._extension").load(ipython)


def __dir__() -> list[str]:
    return sorted(__all__)
