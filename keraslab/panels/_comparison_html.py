"""A comparison as HTML that needs no kernel, no script and no network."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import combinations
from typing import Any

from keraslab.draw._comparison_picture import figure
from keraslab.draw._curves_picture import image_tag, png
from keraslab.graph import diff as graph_diff
from keraslab.panels._comparison_state import (
    cells_of,
    columns,
    failed_variants,
    headline,
    provenance_lines,
    runs_of,
)
from keraslab.panels._finding_style import finding_style
from keraslab.panels._findings import finding_html

_CSS = """
.kl-comparison { color: var(--jp-content-font-color1, inherit); font-size: 13px; line-height: 1.45;
  font-family: var(--jp-ui-font-family, system-ui, sans-serif); max-width: 1200px; }
.kl-comparison p { margin: 2px 0; max-width: 100ch; overflow-wrap: anywhere; }
.kl-comparison.kl-comparison h4 { margin: 10px 0 2px; font-size: 13px; font-weight: 600;
  color: inherit; }
.kl-comparison details { margin: 4px 0; }
.kl-comparison summary { cursor: pointer; }
.kl-comparison .kl-wide { overflow-x: auto; }
.kl-comparison table.kl-scores { border-collapse: collapse; margin: 6px 0;
  font-variant-numeric: tabular-nums; }
.kl-comparison .kl-scores th, .kl-comparison .kl-scores td { padding: 3px 14px 3px 0;
  text-align: left; font-weight: normal; white-space: nowrap; background: none;
  border-bottom: 1px solid var(--jp-border-color2, #8886); }
.kl-comparison .kl-scores .kl-number { text-align: right; }
.kl-comparison .kl-scores tbody tr > :first-child { font-weight: 600; }
.kl-comparison pre { white-space: pre; overflow-x: auto; font-size: 12px; color: inherit;
  background: none; }
"""
_MOST_FAILED = 4
_MOST_PAIRS = 6


def failures_html(comparison: Any) -> list[str]:
    """What is found about the runs that failed; all text is escaped.

    Args:
        comparison: The comparison.
    """
    found = failed_variants(comparison)
    parts = [finding_style()] if found else []
    for variant, runs in found[:_MOST_FAILED]:
        failed = [run for run in runs_of(comparison, variant) if run.status == "failed"]
        seeds = ", ".join(str(run.seed) for run in failed)
        word = "seed" if len(failed) == 1 else "seeds"
        parts.append(f"<h4>{escape(variant)} failed with {word} {escape(seeds)}</h4>")
        parts += [_failure(run) for run in runs[:2]]
    more = len(found) - _MOST_FAILED
    if more > 0:
        parts.append(f"<p>{more} more failed; see <code>.runs</code>.</p>")
    return parts


def _failure(run: Any) -> str:
    if run.finding is not None:
        return finding_html(run.finding)
    text = escape(str(run.error or "It gave no reason."))
    return f'<div class="kl-finding kl-error" role="note"><p>{text}</p></div>'


def still(comparison: Any, picture: bytes | None) -> str:
    """The comparison as it is now, as one piece of HTML.

    Args:
        comparison: The comparison.
        picture: Its picture as PNG, or None where it could not be drawn.
    """
    text, _ = headline(comparison)
    verdict = comparison.verdict.sentences
    parts = [
        f"<style>{_CSS}</style>",
        f"<p><b>{escape(text)}</b></p>",
        _table(comparison),
        "<h4>What the scores say</h4>",
        f"<p><b>{escape(verdict[0])}</b></p>",
        *_paragraphs(verdict[1:]),
    ]
    if picture is not None:
        alt = f"Curves of {len(comparison.variants)} variants, and their scores against their costs"
        parts.append(image_tag(picture, _width(picture), alt))
    parts += failures_html(comparison)
    parts += _differences(comparison)
    estimate = getattr(comparison.estimate, "said", None)
    said = [*comparison.held_equal, *([str(estimate)] if estimate else [])]
    parts.append(
        _fold("What was held equal, and what it was estimated to take", *_paragraphs(said))
    )
    origin = provenance_lines(comparison.provenance)
    parts.append(_fold("Where the numbers come from", *_paragraphs(origin)))
    parts.append(_fold("The table as Markdown", f"<pre>{escape(comparison.to_markdown())}</pre>"))
    parts.append(_fold("The table as LaTeX", f"<pre>{escape(comparison.to_latex())}</pre>"))
    return f'<div class="kl-comparison kl-still">{"".join(parts)}</div>'


def picture_of(comparison: Any) -> bytes | None:
    """The picture of a comparison as PNG; None where it cannot be drawn: the words stand."""
    try:
        return png(figure(comparison), dpi=_DPI, colours=255)
    except Exception:
        return None


_DPI = 110


def _width(picture: bytes) -> float:
    """How wide it is shown: a PNG says its width in pixels in its first chunk."""
    return int.from_bytes(picture[16:20], "big") * 96 / _DPI


def _paragraphs(lines: Iterable[str]) -> list[str]:
    return [f"<p>{escape(str(line))}</p>" for line in lines]


def _fold(title: str, *parts: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{''.join(parts)}</details>"


def _table(comparison: Any) -> str:
    rows = comparison.rows()
    heads = [each["label"] for each in columns(comparison.score_name)]
    cells = [[row["variant"], *cells_of(row)] for row in rows]
    heads = ["variant", *heads]
    if any(row["status"] != "done" for row in rows):
        heads.append("runs")
        cells = [[*each, row["status"]] for each, row in zip(cells, rows, strict=True)]

    def tag(kind: str, at: int, text: str) -> str:
        scope = "" if kind == "td" else ' scope="col"'
        number = ' class="kl-number"' if 0 < at < len(heads) - (heads[-1] == "runs") else ""
        return f"<{kind}{scope}{number}>{escape(str(text))}</{kind}>"

    top = "".join(tag("th", at, head) for at, head in enumerate(heads))
    body = "".join(
        "<tr>" + "".join(tag("td", at, text) for at, text in enumerate(each)) + "</tr>"
        for each in cells
    )
    return (
        f'<div class="kl-wide"><table class="kl-scores"><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _differences(comparison: Any) -> list[str]:
    """What differs between the models of each two variants, as far as there are few."""
    graphs = [(name, comparison.graphs.get(name)) for name in comparison.variants]
    pairs = list(combinations([each for each in graphs if each[1] is not None], 2))
    found = []
    for (a, before), (b, after) in pairs[:_MOST_PAIRS]:
        try:
            words = graph_diff(before, after)._repr_html_()
        except Exception:  # a difference that cannot be told costs no other word
            continue
        found.append(_fold(f"What differs from {a} to {b}", f'<div class="kl-wide">{words}</div>'))
    return found
