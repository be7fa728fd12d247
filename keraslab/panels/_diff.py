"""What changed between two models, as a table and one picture in which it is marked."""

from __future__ import annotations

import os
from dataclasses import fields
from typing import Any

from keraslab.draw import Picture
from keraslab.graph import GraphDiff
from keraslab.graph import diff as graph_diff


def diff(a: Any, b: Any) -> DiffView:
    """Compare two models by their structure, whatever their layers are called.

    A call is added, removed or changed. Changed are its settings, the arguments of the call,
    what is trained, which calls share its weights, where its inputs come from, its sizes.
    Layers that only have other names, and models that are only cut into other blocks or nested
    models, are no change: a rewritten model can be compared with the first one. Values of
    weights are not compared.

    In a notebook the result is a table and one picture that holds the calls of both models,
    marked ``+``, ``−`` and ``~``; printed in a terminal it is text.

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
        """The calls of both models in one drawing; groups with a change in them stand open."""
        return Picture(self.graph, _opened(self), status=self.status)

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
        bundle = {"text/plain": str(self), "text/html": self._repr_html_()}
        try:
            svg = self.picture.svg()
        except Exception:  # the table says all that the picture does
            return bundle
        # One output holds both: a notebook shows the richest kind of a bundle only.
        bundle["text/html"] += f'<div style="overflow:auto;max-height:48em">{svg}</div>'
        return bundle


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
