"""What a check found, to be read, walked through, or shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, overload

from keraslab.debug._finding import SEVERITIES, Finding
from keraslab.graph import Graph


@dataclass(frozen=True)
class Report:
    """The findings of one check, the worst first. ``print(...)`` it, or leave it in a cell.

    Walk through it (``for finding in report``), count it (``len(report)``), take from it
    (``report[0]``, or ``report["KL451"]`` for all of one rule), or ask whether it is ``ok``.
    """

    name: str
    """The name of the model."""
    findings: tuple[Finding, ...]
    failed: tuple[str, ...] = ()
    """One line for each rule that itself failed, and so said nothing."""
    rules: int = 0
    """How many rules looked."""
    graph: Graph | None = field(default=None, repr=False, compare=False)
    """The model as data; the findings' ``calls`` are ids in it."""
    notes: tuple[str, ...] = ()
    """Sentences on what was not tried, and how to try it."""

    @property
    def ok(self) -> bool:
        """Whether there is no error and no warning; findings of style do not count."""
        return all(finding.severity == "style" for finding in self.findings)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes found, each once, the worst first."""
        return tuple(dict.fromkeys(finding.code for finding in self.findings))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __bool__(self) -> bool:
        raise TypeError(
            "A Report is neither true nor false: ask report.ok (no error and no warning) "
            "or len(report) (how many findings)."
        )

    @overload
    def __getitem__(self, item: int) -> Finding: ...
    @overload
    def __getitem__(self, item: slice | str) -> tuple[Finding, ...]: ...
    def __getitem__(self, item: int | slice | str) -> Finding | tuple[Finding, ...]:
        if isinstance(item, str):
            return tuple([f for f in self.findings if item in (f.code, f.name)])
        return self.findings[item]

    def title(self) -> str:
        """One line: the model's name and how much was found."""
        counts: Counter[str] = Counter(finding.severity for finding in self.findings)
        parts = [_counted(counts[s], s) for s in SEVERITIES if counts[s]]
        return f"{self.name}: {', '.join(parts) or f'nothing found by {self.rules} rules'}"

    def text(self) -> str:
        """The whole report as plain text, a paragraph for each finding."""
        paragraphs = [self.title(), *[finding.text() for finding in self.findings]]
        if self.failed or self.notes:
            paragraphs.append("\n".join([*self.notes, *self.failed]))
        return "\n\n".join(paragraphs)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return self.text()

    def _repr_mimebundle_(self, **_asked_for: Any) -> dict[str, str]:
        from keraslab.debug._report_html import html_of

        return {"text/plain": self.text(), "text/html": html_of(self)}


def _counted(number: int, severity: str) -> str:
    if severity == "style":
        return f"{number} of style"
    return f"{number} {severity}" if number == 1 else f"{number} {severity}s"
