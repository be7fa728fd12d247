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
from keraslab.draw._sizes import Sizes, first_line, read_sizes, size_fields
from keraslab.draw._table import table_html
from keraslab.draw._tweaks import Tweak, merged_tweaks, read_tweak, settings_of, tweaks_json
from keraslab.frontend import asset
from keraslab.graph import Graph, what_if

MESSAGE_LIMIT = 200_000
"""Bytes one picture may take on its way to the browser, which drops what comes too fast."""
MOST_ENDS = 200
"""How many inputs, outputs and weights of one node are told."""
MOST_TWEAKS = 100


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
        tweaks: Whether the details of a call offer to change a setting of its layer, and show
            the graph that it would give.
        on_shown: Is told when a person chose other sizes or settings, with the graph of them.

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
        on_sizes: Callable[[Sizes], Graph] | None = None,
        tweaks: bool = False,
        on_shown: Callable[[Graph], None] | None = None,
    ) -> None:
        super().__init__(status=_status("ok", 0))
        self.look = look
        self._on_sizes = on_sizes
        self._can_tweak = tweaks
        self._on_shown = on_shown
        self._first: Graph | None = None
        self._sizes: Sizes | None = None
        self._tweaks: list[Tweak] = []
        self._untweaked: Graph | None = None
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
        self,
        graph: Graph,
        opened: Iterable[str] | None = None,
        look: Look | None = None,
        *,
        keep_sizes: bool = False,
    ) -> None:
        """Show another graph, in one message.

        Args:
            graph: The graph.
            opened: Ids of the groups drawn open. None decides by the size of the graph, but
                a group that a person folded or unfolded stays so as long as its id exists.
            look: How it is drawn; None leaves that as it is.
            keep_sizes: Whether sizes that a person chose stay, where the graph takes them.

        Raises:
            ValueError: If ``opened`` holds an id that is no group of the graph.
        """
        with self._lock:
            sizes = self._sizes if keep_sizes else None
            self._first = self._untweaked = graph
            self._sizes, self._tweaks = None, []
            if sizes is not None and self._on_sizes is not None:
                try:
                    sizes = read_sizes(graph, {name: list(size) for name, size in sizes.items()})
                    graph = self._untweaked = self._on_sizes(sizes)
                    self._sizes = sizes
                except Exception:  # any layer may refuse any size, and inputs may be others
                    graph = self._first
            self._show(graph, opened, look)

    def _show(
        self,
        graph: Graph,
        opened: Iterable[str] | None,
        look: Look | None = None,
        status: Mapping[str, Any] | None = None,
    ) -> None:
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
                # Half of the limit: beside the table stand its head and its totals.
                self.failed(str(error), table_html(graph, "", MESSAGE_LIMIT // 2))
            else:
                self._send_picture(packed, status)

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
        assert self.graph is not None
        changes = tweaks_json(self._tweaks, self._untweaked or self.graph, self.graph)
        packed = pack(self._json, opened, svg, look, fields, self._version, changes)
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
        elif kind == "what_if" and self._can_tweak:
            ticket = str(content.get("ticket", ""))[:64]
            self.send({"type": "what_if", "ticket": ticket, **self._tweak(content)})
        elif kind == "undo" and self._can_tweak:
            self._undo(everything=content.get("all") is True)

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
            self._send_picture(packed, self._stale_status())

    def _stale_status(self) -> Mapping[str, Any] | None:
        return self.status if self.status["kind"] == "stale" else None

    def _resize(self, wanted: object) -> None:
        """Show the graph for other sizes of its inputs; the first one stays the measure."""
        with self._lock:
            assert self._first is not None
            try:
                self._rework(read_sizes(self._first, wanted), self._tweaks)
            except Exception as error:  # any layer may refuse any size
                self._tell(f"These sizes do not fit: {clip(first_line(error), 300)}")

    def _tweak(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Show the graph with one setting of a layer changed, or say why that cannot be."""
        with self._lock:
            assert self.graph is not None
            call = self.graph.call_by_id.get(str(wanted.get("id")))
            if call is None:
                return {"error": "This is not part of the newest graph."}
            if len(self._tweaks) >= MOST_TWEAKS:
                return {"error": "These are many changes: undo some, or write them in the code."}
            try:
                tweak = read_tweak(call, wanted.get("setting"), wanted.get("value"))
                if tweak.new != tweak.old:
                    self._rework(self._sizes, [*self._tweaks, tweak])
            except Exception as error:  # any layer may refuse any setting
                return {"error": f"This does not fit: {clip(first_line(error), 300)}"}
            return {}

    def _undo(self, *, everything: bool) -> None:
        """Take back the last change of a setting, or all of them."""
        with self._lock:
            if not self._tweaks:
                return
            try:
                self._rework(self._sizes, [] if everything else self._tweaks[:-1])
            except Exception as error:
                self._tell(f"This cannot be undone: {clip(first_line(error), 300)}")

    def _rework(self, sizes: Sizes | None, tweaks: list[Tweak]) -> None:
        """Show the first graph in other sizes and with other settings."""
        assert self._first is not None
        graph = self._first
        if sizes is not None and self._on_sizes is not None:
            graph = self._on_sizes(sizes)
        untweaked = graph
        if tweaks:
            graph = what_if(graph, merged_tweaks(tweaks))
        self._sizes, self._tweaks, self._untweaked = sizes, tweaks, untweaked
        # What is of an earlier state stays greyed, and its sentence with it.
        self._show(graph, None, status=self._stale_status())
        if self._on_shown is not None:
            self._on_shown(graph)

    def _tell(self, sentence: str) -> None:
        """Put a line over the picture and leave the rest as it is."""
        self._turn += 1
        self.status = {**self.status, "message": sentence, "turn": self._turn}

    def _details(self, id_: object) -> dict[str, Any]:
        assert self.graph is not None
        try:
            found = details(self.graph, str(id_))
        except KeyError:
            return {"error": "This is not part of the newest graph."}
        call = self.graph.call_by_id.get(str(id_)) if self._can_tweak else None
        found["more"] = {}
        for part in ("from", "to", "weights"):
            found["more"][part] = max(0, len(found[part]) - MOST_ENDS)
            found[part] = found[part][:MOST_ENDS]
        found["settings"] = [] if call is None else settings_of(call)
        if len(json.dumps(found)) > MESSAGE_LIMIT:
            return {"error": "The details of this are too large to be shown."}
        return {"details": found}


def pack(
    graph: dict[str, Any],
    opened: Collection[str],
    svg: str,
    look: Look = PLAIN,
    sizes: Mapping[str, Any] | None = None,
    version: int = 0,
    changes: Mapping[str, Any] | None = None,
) -> bytes:
    """One picture for the browser, as deflated JSON: about a tenth of its size.

    Args:
        graph: What ``graph_json`` gives.
        opened: Ids of the groups drawn open.
        svg: The drawing.
        look: How it is drawn.
        sizes: What ``size_fields`` gives, where sizes can be changed.
        version: Another one for another graph: the browser then asks for its rows anew.
        changes: What ``tweaks_json`` gives, where settings were changed in the view.
    """
    view = {
        "name": graph["name"],
        "totals": look.headline or totals(graph),
        "nodes": cards(graph, opened, look),
        "opened": sorted(opened),
        "groups": [group["id"] for group in graph["groups"]],
        "look": look.choices() | {"status": look.status is not None} | look.measured(),
        "shared": any(call["count"] > 1 for call in graph["calls"]),
        "sizes": None if sizes is None else dict(sizes),
        "version": version,
        "changes": None if changes is None else dict(changes),
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
