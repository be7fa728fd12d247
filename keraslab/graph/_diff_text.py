"""A difference between two graphs as text and as a table."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from keraslab.graph._data import Call, Edge
from keraslab.graph._summary import grouped, short

if TYPE_CHECKING:
    from keraslab.graph._diff import GraphDiff, Total

_MOST = 60
_SIGNS = {"added": "+", "removed": "−", "changed": "~", "sizes": "~", "renamed": "≈"}
# Of a bar beside the word, which has the colour of all text: seen on white and on dark alike.
_COLOURS = {"added": "#2e9e5b", "removed": "#d9534f", "changed": "#c98a1b"}


class _Line(NamedTuple):
    status: str
    name: str
    type: str
    what: str
    params: str


def diff_text(found: GraphDiff) -> str:
    """The difference as lines, what was added, removed and changed first, then the totals."""
    lines = [_plain(f"{_title(found)}")]
    rows = list(_lines(found))
    names = [_plain(f"{row.name} ({row.type})" if row.type else row.name) for row in rows]
    width = min(44, max(map(len, names), default=0))
    for row, name in zip(rows, names, strict=True):
        lines.append(f"  {_SIGNS[row.status]} {name.ljust(width)}  {_plain(row.what)}".rstrip())
    lines.extend(f"  {line}" for line in _more(found))
    cells = [["", "a", "b", "difference"], *(_total(total) for total in found.totals)]
    widths = [max(len(row[c]) for row in cells) for c in range(4)]
    for cell in cells:
        numbers = "  ".join(t.rjust(w) for t, w in zip(cell[1:], widths[1:], strict=True))
        lines.append(f"{cell[0].ljust(widths[0])}  {numbers}")
    return "\n".join(lines)


def diff_html(found: GraphDiff) -> str:
    """The difference as two small tables, which take their colours from the page."""
    rows = "".join(_html_row(row) for row in _lines(found))
    head = "".join(_cell("th", t) for t in ("", "Call", "Type", "What changed", "Weights"))
    table = f"<table style='{_TABLE}'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    more = "".join(f"<div>{escape(line)}</div>" for line in _more(found))
    titles = "".join(_cell("th", t) for t in ("", "a", "b", "difference"))
    totals = "".join(
        "<tr>" + "".join(_cell("td", t, right=c > 0) for c, t in enumerate(_total(total))) + "</tr>"
        for total in found.totals
    )
    return (
        f"<div><div><b>{escape(_title(found))}</b></div>{table if rows else ''}{more}"
        f"<table style='{_TABLE}'><thead><tr>{titles}</tr></thead>"
        f"<tbody>{totals}</tbody></table></div>"
    )


_TABLE = "border-collapse:collapse;margin:.3em 0;color:inherit;background:none"


def _title(found: GraphDiff) -> str:
    names = f"{found.a.name} → {found.b.name}"
    counts = [
        f"{number} {word}"
        for number, word in (
            (len(found.added), "added"),
            (len(found.removed), "removed"),
            (len(found.changed), "changed"),
        )
        if number
    ]
    for status, edges in _edges_told(found):
        if edges:
            counts.append(f"{len(edges)} {'edge' if len(edges) == 1 else 'edges'} {status}")
    return f"{names}: {', '.join(counts) or 'no difference'}"


def _lines(found: GraphDiff) -> Iterator[_Line]:
    for status, calls, sign in (("removed", found.removed, "−"), ("added", found.added, "+")):
        for call in calls[:_MOST]:
            shapes = ", ".join(spec.text for spec in call.outputs)
            given = f"{shapes} ({', '.join(call.arguments)})" if call.arguments else shapes
            params = f"{sign}{grouped(call.params)}" if call.params else ""
            yield _Line(status, call.id, call.type, given, params)
    own = [change for change in found.changed if not change.only_sizes]
    for change in own[:_MOST]:
        what = "; ".join(d.text for d in change.differences)
        yield _Line(
            "changed",
            _both(change.before, change.after),
            change.after.type,
            what,
            _growth(change.before.params, change.after.params),
        )
    yield from _edge_lines(found)
    sizes = [change for change in found.changed if change.only_sizes]
    # Where nothing else changed, the sizes are what there is to see.
    for change in sizes[: _MOST if not own else 5]:
        what = "; ".join(d.text for d in change.differences)
        yield _Line(
            "sizes",
            _both(change.before, change.after),
            change.after.type,
            what,
            _growth(change.before.params, change.after.params),
        )


def _edges_told(found: GraphDiff) -> list[tuple[str, list[Edge]]]:
    """The edges that came or went; a call put in between, or taken out, says it by itself."""
    bridged = found._edges.bridged
    return [
        ("removed", [edge for edge in found.edges_removed if edge not in bridged]),
        ("added", [edge for edge in found.edges_added if edge not in bridged]),
    ]


def _edge_lines(found: GraphDiff) -> Iterator[_Line]:
    for status, edges in _edges_told(found):
        for edge in edges[:_MOST]:
            output = f" [{edge.source_index}]" if edge.source_index else ""
            ways = f"edge {status}: {edge.source}{output} -> {edge.target}"
            yield _Line(status, ways, "", edge.spec.text, "")


def _more(found: GraphDiff) -> Iterator[str]:
    own = sum(not change.only_sizes for change in found.changed)
    sizes = len(found.changed) - own
    for word, number, most in (
        ("removed", len(found.removed), _MOST),
        ("added", len(found.added), _MOST),
        ("changed", own, _MOST),
        ("changed in size only", sizes, 5 if own else _MOST),
        *((f"edges {status}", len(edges), _MOST) for status, edges in _edges_told(found)),
    ):
        if number > most:
            yield f"… and {grouped(number - most)} more {word}"
    if found.renamed:
        some = [f"{before.name} → {after.name}" for before, after in found.renamed[:3]]
        rest = len(found.renamed) - len(some)
        more = f" and {grouped(rest)} more" if rest else ""
        yield _plain(f"renamed, which is no change: {', '.join(some)}{more}")


def _both(before: Call, after: Call) -> str:
    return after.id if before.id == after.id else f"{before.id} → {after.id}"


def _growth(before: int, after: int) -> str:
    return (
        "" if before == after else f"{'+' if after > before else '−'}{grouped(abs(after - before))}"
    )


def _total(total: Total) -> list[str]:
    texts = ["unknown" if v is None else short(v) for v in (total.a, total.b)]
    grown = total.difference
    sign = "" if not grown else "+" if grown > 0 else "−"
    return [total.name, *texts, "unknown" if grown is None else f"{sign}{short(abs(grown))}"]


def _html_row(row: _Line) -> str:
    colour = _COLOURS["changed" if row.status in ("sizes", "renamed") else row.status]
    word = "sizes" if row.status == "sizes" else row.status
    mark = (
        f'<td style="padding:.15em .8em;border-left:5px solid {colour};white-space:nowrap;'
        'text-align:left;color:inherit">'
        f"<b>{_SIGNS[row.status]}</b> {word}</td>"
    )
    cells = _cell("td", row.name) + _cell("td", row.type) + _cell("td", row.what)
    return f"<tr style='background:none'>{mark}{cells}{_cell('td', row.params, right=True)}</tr>"


def _cell(tag: str, text: str, right: bool = False) -> str:
    line = "var(--jp-border-color2,currentColor)" if tag == "th" else "transparent"
    style = (
        f"text-align:{'right' if right else 'left'};padding:.15em .8em;"
        f"border-bottom:1px solid {line};font-variant-numeric:tabular-nums;"
        "background:none;color:inherit"
    )
    return f'<{tag} style="{style}">{escape(_plain(text))}</{tag}>'


def _plain(text: str) -> str:
    """Text without characters that move the cursor or colour a terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
