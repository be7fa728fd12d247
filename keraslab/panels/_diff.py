"""What changed between two models, as a table and one picture in which it is marked."""

from __future__ import annotations

import os
from dataclasses import fields
from functools import cached_property
from typing import Any

from keraslab.draw import Picture
from keraslab.draw._look import Look
from keraslab.graph import GraphDiff
from keraslab.graph import diff as graph_diff
from keraslab.graph._summary import short
from keraslab.panels._live import in_terminal, live_bundle


def diff(a: Any, b: Any) -> DiffView:
    """Compare two models by their structure, whatever their layers are called.

    A call is added, removed or changed. Changed are its settings, the arguments of the call,
    what is trained, which calls share its weights, where its inputs come from, its sizes.
    Layers that only have other names, and models that are only cut into other blocks or nested
    models, are no change: a rewritten model can be compared with the first one. Values of
    weights are not compared.

    In a notebook the result is a table and one interactive picture that holds the calls of
    both models, marked ``+``, ``−`` and ``~``, and the edges that came or went between them;
    in a static page the picture is still, printed in a terminal it is all text.

    Args:
        a: The model before; a ``Graph``, or anything ``read_graph`` takes.
        b: The model after.

    Returns:
        A ``GraphDiff`` that is falsy when nothing changed; its ``added``, ``removed``,
        ``changed`` and ``totals`` are data, its ``save`` writes the picture to a file.

    Raises:
        ModelError: One of them cannot be read as a graph.

    Example:
        >>> import keras
        >>> def build(units):
        ...     x = keras.Input((8,), name="x")
        ...     y = keras.layers.Dense(units, name="hidden")(x)
        ...     return keras.Model(x, keras.layers.Dense(2, name="out")(y), name="tiny")
        >>> bool(diff(build(4), build(4)))
        False
        >>> print(diff(build(4), build(16)))
        tiny → tiny: 2 changed
          ~ hidden#0 (Dense)  units 4 → 16; shape ? × 4 → ? × 16
          ~ out#0 (Dense)     weights 10 → 34
                     a    b  difference
        calls        3    3           0
        parameters  46  178        +132
        trainable   46  178        +132
        MACs        40  160        +120
    """
    found = graph_diff(a, b)
    return DiffView(**{part.name: getattr(found, part.name) for part in fields(found)})


class DiffView(GraphDiff):
    """What changed between two models, on show."""

    @property
    def picture(self) -> Picture:
        """The calls of both models in one drawing; groups with a change in them stand open.

        Where the live picture was folded or unfolded by hand, it is as it was left.
        """
        view = vars(self).get("_view")
        if view is not None:
            return Picture.in_look(self.graph, view.opened, view.look)
        return Picture.in_look(self.graph, _opened(self), self._look)

    @cached_property
    def _look(self) -> Look:
        return Look(
            status=self.status,
            edges=self.edge_status,
            notes=_notes(self),
            headline=_headline(self),
        )

    @cached_property
    def _view(self) -> Any:
        """The interactive picture, made on first use; None where anywidget is not installed."""
        try:
            from keraslab.draw._graph_widget import GraphWidget
        except ImportError:
            return None
        view = GraphWidget()
        view.update(self.graph, _opened(self), self._look)
        return view

    @cached_property
    def widget(self) -> Any:
        """The table over the interactive picture; None where anywidget is not installed."""
        if self._view is None:
            return None
        import ipywidgets

        return ipywidgets.VBox([ipywidgets.HTML(self._repr_html_()), self._view])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file.

        Args:
            path: Where to; its suffix says what: ``.svg``, ``.png``, ``.html`` (a page that
                folds and unfolds by itself), ``.dot``, ``.mmd`` (Mermaid) or ``.txt`` (a tree).

        Raises:
            DrawingError: If it cannot be drawn.
            FileNotFoundError: If the folder does not exist.
            ValueError: If the suffix is none of these.
        """
        self.picture.save(path)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        if in_terminal():
            return {"text/plain": str(self)}
        bundle = {"text/plain": str(self), "text/html": self._repr_html_()}
        try:
            svg = self.picture.svg()
        except Exception:  # the table says all that the picture does
            return bundle
        if self.widget is not None:
            bundle |= live_bundle(self.widget)
        # One output holds both: a notebook shows the richest kind of a bundle only.
        bundle["text/html"] += f'<div style="overflow:auto;max-height:48em">{svg}</div>'
        return bundle


def _headline(found: GraphDiff) -> str:
    """The totals of both models: those of the graph that holds both would mean nothing."""
    shown = []
    for total in found.totals:
        old, new = ["unknown" if n is None else short(n) for n in (total.a, total.b)]
        shown.append(f"{old} {total.name}" if old == new else f"{old} → {new} {total.name}")
    return " · ".join(shown)


def _notes(found: GraphDiff) -> dict[str, str]:
    """What changed in each changed call, as short text for its card."""
    return {
        change.after.id: "; ".join(each.text for each in change.differences)
        for change in found.changed
    }


def _opened(found: GraphDiff) -> frozenset[str]:
    """Groups that hold a change, from the outside in, as long as the picture stays small."""
    graph, status = found.graph, found.status
    touched: set[str] = set()
    for call in graph.calls:
        at = call.group if status[call.id] != "same" else None
        while at is not None and at not in touched:
            touched.add(at)
            at = graph.group_by_id[at].parent
    opened: set[str] = set()
    shown = 0
    for group in graph.groups:
        if group.id in touched and (group.parent is None or group.parent in opened):
            shown += len(group.calls) + len(group.children)
            if shown > _MOST:
                break
            opened.add(group.id)
    return frozenset(opened)


_MOST = 120
"""How many nodes the groups that stand open may hold together."""
