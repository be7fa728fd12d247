"""Training: runs, what they log, and the curves that grow from it."""

from keraslab.train._compare import compare
from keraslab.train._comparison import Comparison
from keraslab.train._database import StoreError
from keraslab.train._fit import fit
from keraslab.train._grid import grid
from keraslab.train._guard import ModelInUseError
from keraslab.train._live_curves import LiveCurves
from keraslab.train._match import Matched, match
from keraslab.train._run import Run
from keraslab.train._store import Store, runs

__all__ = [
    "Comparison",
    "LiveCurves",
    "Matched",
    "ModelInUseError",
    "Run",
    "Store",
    "StoreError",
    "compare",
    "fit",
    "grid",
    "match",
    "runs",
]
