"""Training: what is logged, and the curves that grow from it."""

from keraslab.train._live_curves import LiveCurves

__all__ = ["LiveCurves"]
