"""The picture of a model: interactive in a notebook, still in a page, a table in a terminal."""

from __future__ import annotations

import os
from typing import Any

from keraslab.draw import Picture
from keraslab.draw._look import Look, Overlay
from keraslab.draw._sizes import Sizes, resized
from keraslab.graph import Graph, read_graph, summary
from keraslab.panels._live import in_terminal, live_bundle


def show(
    model: Any,
    *,
    overlay: Overlay | None = None,
    shapes: bool = False,
    shared_once: bool = False,
) -> GraphView:
    """Show the graph of a Functional model, a node for each call of a layer or operation.

    In a notebook the picture is interactive: drag to move it, hover for shapes and costs,
    click a node for its settings, a closed group to open it, search it, colour it by what
    each call costs, sort its calls in a table. In a static page it is the same picture,
    still; printed in a terminal it is a table.

    Args:
        model: a Functional or Sequential model with a known input shape, or anything else that
            ``read_graph`` takes or gave.
        overlay: what colours the boxes and is written in them: ``"params"``, ``"macs"``,
            ``"memory"``, ``"receptive_field"``, ``"dtype"`` or ``"trainable"``; None for the
            kind of layer.
        shapes: whether every edge carries its shape.
        shared_once: whether the calls of a shared layer are one box, where that makes no cycle.

    Returns:
        The view; its ``save`` writes the picture to a file.

    Raises:
        ModelError: if it is no such model; the sentence says what to do.
        ValueError: if ``overlay`` is none of these words.

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
    look = Look(overlay, shapes, shared_once)
    return GraphView(model if isinstance(model, Graph) else read_graph(model), look)


class GraphView:
    """A graph on show."""

    def __init__(self, graph: Graph, look: Look | None = None) -> None:
        self._first = graph
        self._look = look or Look()
        self._widget: Any = None

    @property
    def graph(self) -> Graph:
        """The graph as it is shown: for the sizes and settings that a person tried."""
        shown = self._widget.graph if self._widget is not None else None
        return shown if isinstance(shown, Graph) else self._first

    @property
    def look(self) -> Look:
        """How the graph is drawn, as a person left it."""
        return self._widget.look if self._widget is not None else self._look

    @property
    def opened(self) -> frozenset[str]:
        """Ids of the groups that are drawn open, as a person left them."""
        shown = self._widget if self._widget is not None else Picture(self.graph)
        return frozenset(shown.opened)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file, with the groups open that are open now.

        Args:
            path: where to; its suffix says what: ``.svg``, ``.png``, ``.html`` (a page that
                folds and unfolds by itself), ``.dot``, ``.mmd`` (Mermaid) or ``.txt`` (a tree).

        Raises:
            DrawingError: if it cannot be drawn.
            FileNotFoundError: if the folder does not exist.
            ValueError: if the suffix is none of these.
        """
        self._picture().save(path)

    def __repr__(self) -> str:
        return str(summary(self.graph))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        if in_terminal():
            return {"text/plain": repr(self)}
        bundle = self._picture()._repr_mimebundle_()
        if "image/svg+xml" in bundle:
            bundle |= self.live()
        return bundle

    def _picture(self) -> Picture:
        return Picture.in_look(self.graph, self.opened, self.look)

    def _resized(self, sizes: Sizes) -> Graph:
        """The graph for other sizes of its inputs, worked out without building it again."""
        return resized(self._first, sizes)

    def live(self) -> dict[str, Any]:
        """The widget's part of the bundle; without it the still picture shows."""
        return {} if self.widget is None else live_bundle(self.widget)

    @property
    def widget(self) -> Any:
        """The interactive picture, made on first use; None where anywidget is not installed."""
        if self._widget is None:
            try:
                from keraslab.draw._graph_widget import GraphWidget
            except ImportError:
                return None
            self._widget = GraphWidget(
                self._first, look=self._look, on_sizes=self._resized, tweaks=True
            )
        return self._widget
