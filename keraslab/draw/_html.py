"""A page of its own: the view, the drawing engine and the graph in one file."""

from __future__ import annotations

import base64
import html
import json
import zlib
from collections.abc import Iterable
from typing import Any

from keraslab.draw import _engine
from keraslab.draw._cards import cards, totals
from keraslab.draw._json import details, graph_json
from keraslab.draw._look import PLAIN, Look
from keraslab.draw._rows import rows
from keraslab.frontend import asset
from keraslab.graph import Graph

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; "
    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)

_EXTRA = ("config", "line", "ports", "weights", "from", "to")

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
html, body {{ height: 100%; margin: 0; }}
{style}</style>
</head>
<body>
<div id="keraslab-view" style="height: 100%"></div>
<noscript>This page draws with JavaScript, which is switched off.</noscript>
<script type="application/json" id="keraslab-data">{data}</script>
<script type="text/plain" id="keraslab-engine">{engine}</script>
<script>{script}</script>
</body>
</html>
"""


def page(graph: Graph, opened: Iterable[str], look: Look = PLAIN) -> str:
    """A graph as an HTML page that folds, searches, hovers and pans with no network.

    Args:
        graph: The graph of a model.
        opened: Ids of the groups drawn open at first.
        look: How it is drawn at first.

    Raises:
        DrawingError: If it cannot be drawn.

    Example:
        >>> import keras
        >>> from keraslab.graph import read_graph
        >>> x = keras.Input((4,))
        >>> page(read_graph(keras.Model(x, keras.layers.Dense(2)(x))), [])[:15]
        '<!DOCTYPE html>'
    """
    as_json = graph_json(graph)
    first = sorted(opened)
    ids = [*graph.group_by_id, *graph.call_by_id]
    data = {
        "name": graph.name,
        "totals": look.headline or totals(as_json),
        "groups": list(graph.group_by_id),
        "opened": first,
        "svg": _engine.draw(as_json, first, look.json()),
        "look": look.json(),
        "rows": rows(as_json),
        "cards": cards(as_json, look=look),
        "details": {id_: _extra(graph, id_) for id_ in ids},
        "graph": as_json,
    }
    return _PAGE.format(
        policy=_POLICY,
        title=html.escape(graph.name),
        style=asset("graph_widget.css"),
        data=_embedded(data),
        engine=_packed_engine(),
        script=_script(asset("page.js")),
    )


def _extra(graph: Graph, id_: str) -> dict[str, Any]:
    """What the details of a node hold beyond its card."""
    found = details(graph, id_)
    return {key: found[key] for key in _EXTRA if key in found}


def _embedded(data: object) -> str:
    """JSON that no text in it can end: not by a closing tag, nor by a line separator."""
    text = json.dumps(data, separators=(",", ":"))  # all but ASCII is escaped by it
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _packed_engine() -> str:
    # An HTML parser changes some characters of the engine, so it travels as ASCII; deflated,
    # that is also half the size.
    return base64.b64encode(zlib.compress(asset("engine.js").encode(), 9)).decode()


def _script(source: str) -> str:
    if "</script" in source.lower() or "<!--" in source:
        raise AssertionError("page.js holds text that would end its own element")
    return source
