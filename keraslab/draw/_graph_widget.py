"""The graph view in a notebook: thin, it shows what the kernel draws and says what was clicked."""

from __future__ import annotations

import json
import re
import threading
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import anywidget
import traitlets

from keraslab.draw import _engine
from keraslab.draw._cards import cards, clip, totals
from keraslab.draw._json import details, graph_json
from keraslab.draw._look import PLAIN, Look
from keraslab.draw._picture import Picture
from keraslab.draw._rows import rows
from keraslab.draw._sizes import first_line, read_sizes, size_fields
from keraslab.draw._table import table_html
from keraslab.frontend import asset
from keraslab.graph import Graph

MESSAGE_LIMIT = 200_000
"""Bytes one picture may take on its way to the browser, which drops what comes too fast."""


class GraphWidget(anywidget.AnyWidget):
    """The interactive picture of a graph.

    The browser gets one message for each picture: the drawing and what hovering says of the
    nodes in it, as deflated JSON. It sends back which groups should be open and how the graph
    should look, and asks for the details of one node at a time, and for all rows of the table
    once the table or the search is used.

    Args:
        graph: The graph to show; may come later with ``update``.
        opened: Ids of the groups drawn open; None decides by the size of the graph.
        look: How the graph is drawn at first; a person may change it.
        on_sizes: Gives the graph for other sizes of the inputs, a tuple for each input's name;
            what it raises is shown as a sentence. None offers no sizes to change.

    Example:
        >>> import keras
        >>> from keraslab.graph import read_graph
        >>> x = keras.Input((4,))
        >>> view = GraphWidget(read_graph(keras.Model(x, keras.layers.Dense(2)(x))))
        >>> view.status["kind"]
        'ok'
    """

    _esm = asset("graph_widget.js")
    _css = asset("graph_widget.css")

    picture = traitlets.Bytes(b"").tag(sync=True)
    status = traitlets.Dict().tag(sync=True)
    code: traitlets.List[Any] = traitlets.List().tag(sync=True)
    """The lines of the code that made the graph, where it is known: ``number``, ``code``,
    ``notes``, and ``calls`` with the ``id`` of each and the ``path`` of groups around it."""

    def __init__(
        self,
        graph: Graph | None = None,
        opened: Iterable[str] | None = None,
        *,
        look: Look = PLAIN,
        on_sizes: Callable[[dict[str, tuple[int | None, ...]]], Graph] | None = None,
    ) -> None:
        super().__init__(status=_status("ok", 0))
        self.look = look
        self._on_sizes = on_sizes
        self._first: Graph | None = None
        self._version = 0
        self.graph: Graph | None = None
        self._json: dict[str, Any] = {}
        self._opened: frozenset[str] = frozenset()
        self._chosen: dict[str, bool] = {}
        self._turn = 0
        # A click may be handled in another thread than the one that moves the sliders.
        self._lock = threading.RLock()
        self.on_msg(self._asked)
        if graph is not None:
            self.update(graph, opened)

    @property
    def opened(self) -> frozenset[str]:
        """Ids of the groups drawn open."""
        return self._opened

    def update(
        self, graph: Graph, opened: Iterable[str] | None = None, look: Look | None = None
    ) -> None:
        """Show another graph, in one message.

        Args:
            graph: The graph.
            opened: Ids of the groups drawn open. None decides by the size of the graph, but
                a group that a person folded or unfolded stays so as long as its id exists.
            look: How it is drawn; None leaves that as it is.

        Raises:
            ValueError: If ``opened`` holds an id that is no group of the graph.
        """
        with self._lock:
            self._first = graph
            self._show(graph, opened, look)

    def _show(self, graph: Graph, opened: Iterable[str] | None, look: Look | None = None) -> None:
        with self._lock:
            self.look = look or self.look
            wanted = Picture(graph, opened).opened
            if opened is not None:
                self._chosen = {id_: id_ in wanted for id_ in graph.group_by_id}
            else:
                wanted = frozenset(
                    id_ for id_ in graph.group_by_id if self._chosen.get(id_, id_ in wanted)
                )
            self.graph, self._json, self._opened = graph, graph_json(graph), wanted
            self._version += 1
            try:
                packed = self._packed(wanted, self.look)
            except _engine.DrawingError as error:
                self.failed(str(error), table_html(graph, ""))
            else:
                self._send_picture(packed)

    def stale(self, message: str) -> None:
        """Grey the picture and put a line above it: it is of an earlier state.

        Args:
            message: Plain text.
        """
        with self._lock:
            self._turn += 1
            self.status = _status("stale", self._turn, message)

    def failed(self, message: str, table_html: str = "") -> None:
        """Show a sentence and a table instead of a picture.

        Args:
            message: Plain text.
            table_html: The table as HTML; only table and text elements reach the page.
        """
        with self._lock:
            self._turn += 1
            self.status = _status("failed", self._turn, message, table_html)

    def _packed(self, opened: frozenset[str], look: Look) -> bytes:
        svg = _engine.draw(self._json, opened, look.json())
        fields = size_fields(self._first, self.graph) if self._on_sizes else None
        packed = pack(self._json, opened, svg, look, fields, self._version)
        if len(packed) > MESSAGE_LIMIT:
            raise _engine.DrawingError("The picture is too large to be sent; fold some groups.")
        return packed

    def _send_picture(self, packed: bytes, status: Mapping[str, Any] | None = None) -> None:
        self._turn += 1
        with self.hold_sync():  # both in one message
            self.picture = packed
            self.status = {**(status or _status("ok", 0)), "turn": self._turn}

    def _asked(self, _: Any, content: Any, __: Any) -> None:
        """Answer the browser; what it sends is checked like any stranger's input."""
        if not isinstance(content, dict) or self.graph is None:
            return
        kind = content.get("type")
        if kind == "open" and isinstance(content.get("opened"), list):
            self._open(content["opened"])
        elif kind == "look" and isinstance(content.get("look"), dict):
            self._redraw(self._opened, self.look.changed(content["look"]))
        elif kind == "details":
            ticket = str(content.get("ticket", ""))[:64]
            self.send({"type": "details", "ticket": ticket, **self._details(content.get("id"))})
        elif kind == "rows":
            ticket = str(content.get("ticket", ""))[:64]
            self.send({"type": "rows", "ticket": ticket}, [_deflated(rows(self._json))])
        elif kind == "sizes" and self._on_sizes is not None:
            self._resize(content.get("sizes"))

    def _open(self, wanted: list[Any]) -> None:
        with self._lock:
            assert self.graph is not None
            ids = self.graph.group_by_id.keys()
            self._redraw(frozenset(id_ for id_ in wanted if isinstance(id_, str) and id_ in ids))

    def _redraw(self, opened: frozenset[str], look: Look | None = None) -> None:
        """Draw the same graph otherwise; where that fails the last picture stays."""
        with self._lock:
            look = look or self.look
            try:
                packed = self._packed(opened, look)
            except _engine.DrawingError as error:
                self._tell(str(error))
                return
            self._chosen |= {id_: id_ in opened for id_ in opened ^ self._opened}
            self._opened, self.look = opened, look
            kept = self.status if self.status["kind"] == "stale" else None
            self._send_picture(packed, kept)

    def _resize(self, wanted: object) -> None:
        """Show the graph for other sizes of its inputs; the first one stays the measure."""
        with self._lock:
            assert self._on_sizes is not None
            assert self._first is not None
            try:
                graph = self._on_sizes(read_sizes(self._first, wanted))
            except Exception as error:  # any layer may refuse any size
                self._tell(f"These sizes do not fit: {clip(first_line(error), 300)}")
                return
            self._show(graph, None)

    def _tell(self, sentence: str) -> None:
        """Put a line over the picture and leave the rest as it is."""
        self._turn += 1
        self.status = {**self.status, "message": sentence, "turn": self._turn}

    def _details(self, id_: object) -> dict[str, Any]:
        assert self.graph is not None
        try:
            return {"details": details(self.graph, str(id_))}
        except KeyError:
            return {"error": "This is not part of the newest graph."}


def pack(
    graph: dict[str, Any],
    opened: Collection[str],
    svg: str,
    look: Look = PLAIN,
    sizes: Mapping[str, Any] | None = None,
    version: int = 0,
) -> bytes:
    """One picture for the browser, as deflated JSON: about a tenth of its size.

    Args:
        graph: What ``graph_json`` gives.
        opened: Ids of the groups drawn open.
        svg: The drawing.
        look: How it is drawn.
        sizes: What ``size_fields`` gives, where sizes can be changed.
        version: Another one for another graph: the browser then asks for its rows anew.
    """
    view = {
        "name": graph["name"],
        "totals": totals(graph),
        "nodes": cards(graph, opened),
        "opened": sorted(opened),
        "groups": [group["id"] for group in graph["groups"]],
        "look": look.json() | {"status": look.status is not None},
        "shared": any(call["count"] > 1 for call in graph["calls"]),
        "sizes": None if sizes is None else dict(sizes),
        "version": version,
        # The browser names the nodes from their cards; titles are for still pictures.
        "svg": _TITLES.sub("", svg),
    }
    return _deflated(view)


_TITLES = re.compile("<title>[^<]*</title>")


def _deflated(data: object) -> bytes:
    return zlib.compress(json.dumps(data, separators=(",", ":")).encode(), 9)


def _status(kind: str, turn: int, message: str = "", table: str = "") -> dict[str, Any]:
    # The turn makes every answer differ from the last: an unchanged trait is never sent, and
    # the browser would wait for it.
    return {"kind": kind, "message": message, "table": table, "turn": turn}
