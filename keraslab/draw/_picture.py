"""A drawing of a graph, with some of its groups open."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from keraslab.draw import _engine
from keraslab.draw._files import check_folder, write_whole
from keraslab.draw._json import graph_json
from keraslab.draw._look import Look, Overlay
from keraslab.draw._opening import first_opening
from keraslab.draw._png import svg_to_png
from keraslab.draw._table import table_html, table_text
from keraslab.draw._tree import tree
from keraslab.graph._data import Graph

_LONGEST_TABLE = 1_000_000
"""Characters of a table in place of a picture, which is written into the notebook."""


class Picture:
    """A drawing of a graph, as SVG, PNG, HTML, DOT or, where all else fails, a table.

    Args:
        graph: The graph of a model.
        opened: Ids of the groups drawn open; a group inside a closed one stays hidden. None
            opens level by level as long as the picture stays small.
        overlay: What colours the boxes and is written in them: ``"params"``, ``"macs"``,
            ``"memory"``, ``"receptive_field"``, ``"dtype"`` or ``"trainable"``; None for the
            kind of layer.
        shapes: Whether every edge carries its shape.
        shared_once: Whether the calls of a shared layer are one box, where that makes no cycle.
        status: For calls by id, whether they are the ``"same"``, ``"added"``, ``"removed"`` or
            ``"changed"``: a picture of what changed, without overlay.
        edges: For edges by their place in ``graph.edges``, whether they were ``"added"`` or
            ``"removed"`` by themselves, and not with the calls at their ends.
        fresh: Ids of the calls that are new: they glow.
        loose: Ids of the calls that give something which goes nowhere yet.
        values: What was measured of each call, to colour the boxes where there is no
            ``overlay``; its form is that of ``Look``.

    Raises:
        ValueError: If ``opened`` holds an id that is no group of the graph, ``overlay`` or a
            status is none of these words, or ``values`` have another form.

    Example:
        >>> import keras
        >>> from keraslab.draw import Picture
        >>> from keraslab.graph import read_graph
        >>> x = keras.Input((4,))
        >>> picture = Picture(read_graph(keras.Model(x, keras.layers.Dense(2)(x))))
        >>> picture.svg()[:4]
        '<svg'
    """

    def __init__(
        self,
        graph: Graph,
        opened: Iterable[str] | None = None,
        *,
        overlay: Overlay | None = None,
        shapes: bool = False,
        shared_once: bool = False,
        status: Mapping[str, str] | None = None,
        edges: Mapping[int, str] | None = None,
        fresh: Iterable[str] = (),
        loose: Iterable[str] = (),
        values: Mapping[str, Any] | None = None,
    ) -> None:
        self.graph = graph
        self.look = Look(
            overlay,
            shapes,
            shared_once,
            status,
            edges or {},
            frozenset(fresh),
            frozenset(loose),
            values=values,
        )
        self._opened = frozenset(first_opening(graph) if opened is None else opened)
        unknown = sorted(self._opened - graph.group_by_id.keys())
        if unknown:
            raise ValueError(
                f"Picture(opened=...): every id must be one of the graph's groups. "
                f"Received: {unknown[0]!r}."
            )
        self._svg: str | None = None

    @classmethod
    def in_look(cls, graph: Graph, opened: Iterable[str] | None, look: Look) -> Picture:
        """A picture in the look of another one, or of a view.

        Args:
            graph: The graph of a model.
            opened: As for a picture.
            look: How it is drawn.
        """
        picture = cls(graph, opened)
        picture.look = look
        return picture

    @property
    def opened(self) -> frozenset[str]:
        """Ids of the groups drawn open."""
        return self._opened

    def svg(self) -> str:
        """The drawing as SVG text.

        Raises:
            DrawingError: If it cannot be drawn in time, in memory, or on this platform.
        """
        if self._svg is None:
            self._svg = _engine.draw(graph_json(self.graph), self._opened, self.look.json())
        return self._svg

    def png(self, dpi: float = 96) -> bytes:
        """The drawing as PNG bytes.

        Args:
            dpi: Pixels per inch; a very large picture is scaled down to 40 million pixels.

        Raises:
            DrawingError: If it cannot be drawn.
            ValueError: If ``dpi`` is not a number above 0.
        """
        return svg_to_png(self.svg(), dpi)

    def dot(self) -> str:
        """The drawing in Graphviz' DOT language.

        Raises:
            DrawingError: If the drawing engine cannot be loaded.
        """
        return _engine.to_dot(graph_json(self.graph), self._opened, self.look.json())

    def mermaid(self) -> str:
        """The drawing in the Mermaid language, which a README on many sites shows as a picture.

        Raises:
            DrawingError: If the drawing engine cannot be loaded.
        """
        return _engine.to_mermaid(graph_json(self.graph), self._opened, self.look.json())

    def tree(self) -> str:
        """The groups and calls as a tree of text, for a terminal."""
        return tree(self.graph, self._opened)

    def html(self) -> str:
        """A page of its own that folds, unfolds, hovers and pans with no network."""
        from keraslab.draw._html import page

        return str(page(self.graph, self._opened, self.look))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the drawing to a file.

        Args:
            path: Where to; its suffix says what: ``.svg``, ``.png``, ``.html``, ``.dot``, ``.mmd``
                (Mermaid) or ``.txt`` (a tree).

        Raises:
            DrawingError: If it cannot be drawn.
            FileNotFoundError: If the folder does not exist.
            ValueError: If the suffix is none of these.
        """
        target = Path(path)
        writers: dict[str, Callable[[], str | bytes]] = {
            ".svg": self.svg,
            ".png": self.png,
            ".html": self.html,
            ".dot": self.dot,
            ".mmd": self.mermaid,
            ".txt": self.tree,
        }
        if target.suffix.lower() not in writers:
            raise ValueError(
                f"save(path=...): the name must end in {', '.join(writers)}. "
                f"Received: {os.fspath(path)!r}."
            )
        check_folder(target, "save(path=...)")
        write_whole(target, writers[target.suffix.lower()]())

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, Any]:
        bundle = {"text/plain": self._plain()}
        try:
            bundle["image/svg+xml"] = self.svg()
        except Exception as error:
            sentence = str(error) if isinstance(error, _engine.DrawingError) else ""
            sentence = sentence or f"The picture could not be drawn ({type(error).__name__})."
            bundle["text/plain"] = f"{sentence}\n{bundle['text/plain']}"
            try:
                bundle["text/html"] = table_html(self.graph, sentence, _LONGEST_TABLE)
            except Exception:
                bundle.pop("text/html", None)
        return {
            kind: value
            for kind, value in bundle.items()
            if (not include or kind in include) and kind not in (exclude or ())
        }

    def __repr__(self) -> str:
        return (
            f"<Picture of {self.graph.name!r}: {len(self.graph.calls)} calls, "
            f"{len(self._opened)} of {len(self.graph.groups)} groups open>"
        )

    def _plain(self) -> str:
        try:
            return table_text(self.graph)
        except Exception:
            return repr(self)
