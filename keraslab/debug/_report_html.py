"""A report as a table for a notebook; every text in it is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from keraslab.debug._finding import SEVERITIES, Finding, Fix

if TYPE_CHECKING:
    from keraslab.debug._report import Report

_CELL = (
    "text-align:left;vertical-align:top;padding:.25em .8em;background:none;color:inherit;"
    "white-space:normal"
)
_COLOURS = {"error": "#c0392b", "warning": "#b9770e", "style": "#2e86c1"}


def html_of(report: Report) -> str:
    """The report as one block of HTML.

    Args:
        report: What was found.
    """
    parts = [f'<div style="font-weight:600;margin-bottom:.4em">{escape(report.title())}</div>']
    for severity in SEVERITIES:
        rows = [_row(finding) for finding in report if finding.severity == severity]
        if rows:
            parts.append(_table(severity, rows))
    lines = [*report.notes, *report.failed]
    parts += [f'<div style="opacity:.75">{escape(line)}</div>' for line in lines]
    return (
        '<div style="color:var(--jp-content-font-color1,inherit);overflow-x:auto">'
        f"{''.join(parts)}</div>"
    )


def _table(severity: str, rows: list[str]) -> str:
    title = f'<span style="border-left:4px solid {_COLOURS[severity]};padding-left:.5em">{severity}'
    return (
        '<table style="border-collapse:collapse;font-size:.92em;margin-bottom:.6em">'
        f'<thead><tr><th colspan="2" style="{_CELL}">{title}</span></th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _row(finding: Finding) -> str:
    code = (
        f'<a href="{escape(finding.url)}" target="_blank" rel="noopener">{escape(finding.code)}</a>'
    )
    said = [f"<div>{escape(finding.message)}</div>"]
    if finding.cause is not None:
        said.append(f'<div style="opacity:.75">cause: {escape(finding.cause.sentence)}</div>')
    said += [_fix(fix) for fix in finding.fixes]
    return (
        f'<tr><td style="{_CELL}">{code}<div style="opacity:.75">{escape(finding.name)}</div></td>'
        f'<td style="{_CELL}">{"".join(said)}</td></tr>'
    )


def _fix(fix: Fix) -> str:
    return (
        f'<details><summary>{escape(str(fix))}</summary><pre style="margin:.2em 1em;'
        f'background:none;color:inherit">{escape(fix.code)}</pre></details>'
    )
