"""Pictures of graphs, as SVG, PNG, HTML and text, with no Graphviz on the machine."""

from keraslab.draw._engine import DrawingError
from keraslab.draw._picture import Picture
from keraslab.draw._plot_model import plot_model

__all__ = ["DrawingError", "Picture", "plot_model"]
