"""The picture of a model: interactive in a notebook, still in a page, a table in a terminal."""

from __future__ import annotations

import os
import sys
from typing import Any

from keraslab.draw import Picture
from keraslab.graph import Graph, read_graph, summary


def show(model: Any) -> GraphView:
    """Show the graph of a Functional model, a node for each call of a layer or operation.

    In a notebook the picture is interactive: drag to move it, hover for shapes and costs,
    click a node for its settings, a closed group to open it. In a static page it is the same
    picture, still; printed in a terminal it is a table.

    Args:
        model: a Functional or Sequential model with a known input shape, or what
            ``read_graph`` gave.

    Returns:
        The view; its ``save`` writes the picture to a file.

    Raises:
        ModelError: if it is no such model; the sentence says what to do.

    Example:
        >>> import keras
        >>> x = keras.Input((4,))
        >>> view = show(keras.Model(x, keras.layers.Dense(2, name="out")(x), name="tiny"))
        >>> view.graph.params
        10
        >>> print(view)  # doctest: +ELLIPSIS
        Model: tiny
        ...
    """
    return GraphView(model if isinstance(model, Graph) else read_graph(model))


class GraphView:
    """A graph on show.

    Attributes:
        graph: the graph, as data.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._widget: Any = None

    @property
    def opened(self) -> frozenset[str]:
        """Ids of the groups that are drawn open, as a person left them."""
        shown = self._widget if self._widget is not None else Picture(self.graph)
        return frozenset(shown.opened)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file, with the groups open that are open now.

        Args:
            path: where to; its suffix says what: ``.svg``, ``.png``, ``.html`` (a page that
                folds and unfolds by itself) or ``.dot``.

        Raises:
            DrawingError: if it cannot be drawn.
            FileNotFoundError: if the folder does not exist.
            ValueError: if the suffix is none of these.
        """
        Picture(self.graph, self.opened).save(path)

    def __repr__(self) -> str:
        return str(summary(self.graph))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        if _in_terminal():
            return {"text/plain": repr(self)}
        bundle = Picture(self.graph, self.opened)._repr_mimebundle_()
        if "image/svg+xml" in bundle:
            bundle |= self._live()
        return bundle

    def _live(self) -> dict[str, Any]:
        """The widget's part of the bundle; without it the still picture shows."""
        if self._widget is None:
            try:
                from keraslab.draw._graph_widget import GraphWidget
            except ImportError:
                return {}
            self._widget = GraphWidget(self.graph)
        live = self._widget._repr_mimebundle_()
        # anywidget gives (data, metadata) or data alone, as IPython allows both.
        data = live[0] if isinstance(live, tuple) else live
        return {kind: value for kind, value in (data or {}).items() if kind != "text/plain"}


def _in_terminal() -> bool:
    """Whether IPython runs here without a notebook: it asks for a bundle, and shows text only."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and not hasattr(shell, "kernel")
