"""The table that stands in where a picture cannot be shown."""

from __future__ import annotations

import html

from keraslab.graph._data import Graph


def table_text(graph: Graph) -> str:
    """The graph as a plain-text table, a row for each call."""
    from keraslab.graph import summary

    return str(summary(graph))


def table_html(graph: Graph, sentence: str, most: int | None = None) -> str:
    """The graph as an HTML table under a sentence that says why it is no picture.

    Args:
        graph: The graph of a model.
        sentence: Why there is no picture, as plain text.
        most: How many characters the rows may take; None for all.
    """
    from keraslab.graph import summary

    body = summary(graph).html(most)
    return (
        f'<div class="keraslab-table"><p>{html.escape(sentence)} '
        f"The table below shows the same.</p>{body}</div>"
    )
