"""The graph view in a notebook: thin, it shows what the kernel draws and says what was clicked."""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import anywidget
import traitlets

from keraslab.draw import _engine
from keraslab.draw._cards import cards, totals
from keraslab.draw._json import details, graph_json
from keraslab.draw._picture import Picture
from keraslab.draw._table import table_html
from keraslab.frontend import asset
from keraslab.graph import Graph


class GraphWidget(anywidget.AnyWidget):
    """The interactive picture of a graph.

    The browser gets one message for each picture: the drawing and what hovering says of the
    nodes in it, as deflated JSON. It sends back which groups should be open, and asks for the
    details of one node at a time.

    Args:
        graph: The graph to show; may come later with ``update``.
        opened: Ids of the groups drawn open; None decides by the size of the graph.

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

    def __init__(self, graph: Graph | None = None, opened: Iterable[str] | None = None) -> None:
        super().__init__(status=_status("ok", 0))
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

    def update(self, graph: Graph, opened: Iterable[str] | None = None) -> None:
        """Show another graph, in one message.

        Args:
            graph: The graph.
            opened: Ids of the groups drawn open. None decides by the size of the graph, but
                a group that a person folded or unfolded stays so as long as its id exists.

        Raises:
            ValueError: If ``opened`` holds an id that is no group of the graph.
        """
        with self._lock:
            wanted = Picture(graph, opened).opened
            if opened is not None:
                self._chosen = {id_: id_ in wanted for id_ in graph.group_by_id}
            else:
                wanted = frozenset(
                    id_ for id_ in graph.group_by_id if self._chosen.get(id_, id_ in wanted)
                )
            self.graph, self._json, self._opened = graph, graph_json(graph), wanted
            try:
                svg = _engine.draw(self._json, wanted)
            except _engine.DrawingError as error:
                self.failed(str(error), table_html(graph, ""))
            else:
                self._send_picture(svg)

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

    def _send_picture(self, svg: str, status: Mapping[str, Any] | None = None) -> None:
        self._turn += 1
        packed = pack(self._json, self._opened, svg)
        with self.hold_sync():  # both in one message
            self.picture = packed
            self.status = {**(status or _status("ok", 0)), "turn": self._turn}

    def _asked(self, _: Any, content: Any, __: Any) -> None:
        """Answer the browser; what it sends is checked like any stranger's input."""
        if not isinstance(content, dict) or self.graph is None:
            return
        if content.get("type") == "open" and isinstance(content.get("opened"), list):
            self._open(content["opened"])
        elif content.get("type") == "details":
            ticket = str(content.get("ticket", ""))[:64]
            self.send({"type": "details", "ticket": ticket, **self._details(content.get("id"))})

    def _open(self, wanted: list[Any]) -> None:
        with self._lock:
            assert self.graph is not None
            ids = self.graph.group_by_id.keys()
            opened = frozenset(id_ for id_ in wanted if isinstance(id_, str) and id_ in ids)
            try:
                svg = _engine.draw(self._json, opened)
            except _engine.DrawingError as error:
                self._turn += 1
                self.status = {**self.status, "message": str(error), "turn": self._turn}
                return
            self._chosen |= {id_: id_ in opened for id_ in opened ^ self._opened}
            self._opened = opened
            kept = self.status if self.status["kind"] == "stale" else None
            self._send_picture(svg, kept)

    def _details(self, id_: object) -> dict[str, Any]:
        assert self.graph is not None
        try:
            return {"details": details(self.graph, str(id_))}
        except KeyError:
            return {"error": "This is not part of the newest graph."}


def pack(graph: dict[str, Any], opened: Collection[str], svg: str) -> bytes:
    """One picture for the browser, as deflated JSON: about a tenth of its size.

    Args:
        graph: What ``graph_json`` gives.
        opened: Ids of the groups drawn open.
        svg: The drawing.
    """
    view = {
        "name": graph["name"],
        "totals": totals(graph),
        "nodes": cards(graph, opened),
        "opened": sorted(opened),
        "groups": [group["id"] for group in graph["groups"]],
        "svg": svg,
    }
    return zlib.compress(json.dumps(view).encode(), 6)


def _status(kind: str, turn: int, message: str = "", table: str = "") -> dict[str, Any]:
    # The turn makes every answer differ from the last: an unchanged trait is never sent, and
    # the browser would wait for it.
    return {"kind": kind, "message": message, "table": table, "turn": turn}
