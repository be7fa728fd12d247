"""What is wrong, where, why, and how it can be mended."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Literal, get_args

from keraslab.graph import Graph, TensorSpec

Severity = Literal["error", "warning", "style"]
SEVERITIES: tuple[str, ...] = get_args(Severity)
PAGES = "https://github.com/keraslab/keraslab/blob/main/keraslab/debug/pages"


@dataclass(frozen=True, slots=True)
class Place:
    """An expression in someone's own code."""

    file: str
    """What people call it: ``cell [3]``, or the path of a file."""
    line: int
    """The first line, from 1."""
    column: int
    """The first column, from 1."""
    end_line: int
    end_column: int
    """One past the last column."""
    text: str
    """The expression itself."""
    function: str | None = None
    """The function it stands in; None at the top of a file or cell."""

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}"
        return f"{where}, in {self.function}()" if self.function else where


@dataclass(frozen=True, slots=True)
class NamedTensor:
    """A tensor that went into the failing call."""

    name: str
    """The person's variable where one holds it, else the name of the call that made it."""
    spec: TensorSpec
    maker: str
    """The name of the layer or operation that made it."""

    def __str__(self) -> str:
        return f"{self.name}: {self.spec.text} {self.spec.dtype}, made by {self.maker}"


@dataclass(frozen=True, slots=True)
class Cause:
    """Where it really went wrong, which may be far above the line that failed."""

    name: str
    """The layer, operation, input or variable."""
    sentence: str
    """What about it is the cause."""
    call: str | None = None
    """Its call in the finding's graph, where it has one."""
    place: Place | None = None
    """Its line, where it is known."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of a source text and what comes in its place; lines and columns from 0."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that mends it; ``tried`` says whether it was tried before it is offered."""

    title: str
    """What it does, as a sentence without full stop: ``pool the image to a vector``."""
    code: str
    """The code to write."""
    result: str | None = None
    """The shape that results: ``? × 21``."""
    params: int | None = None
    """How many weights the new layers add."""
    edits: tuple[Edit, ...] = ()
    """What to change in the file or cell of the finding's place; empty where that is unknown."""
    tried: bool = False
    """Whether it was tried, on stand-ins without weights or on the batch, and works. What failed
    when it was tried is not offered; False is what could not be tried without your own code or
    data, or without training."""

    def apply(self, source: str) -> str:
        """The source text with the change made.

        Args:
            source: The whole text of the file or cell.

        Raises:
            ValueError: The change has no place in a text; write ``code`` by hand.
        """
        if not self.edits:
            raise ValueError("Fix.apply(): this change has no place in a text; see .code.")
        lines, text = source.split("\n"), source
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        for edit in sorted(self.edits, key=lambda e: (e.line, e.column), reverse=True):
            first = starts[min(edit.line, len(lines))] + edit.column
            last = starts[min(edit.end_line, len(lines))] + edit.end_column
            text = text[:first] + edit.text + text[last:]
        return text

    def __str__(self) -> str:
        gives = [f"gives {self.result}"] if self.result else []
        if self.params is not None:
            more = f"{abs(self.params):,} parameters {'more' if self.params > 0 else 'fewer'}"
            gives.append(more if self.params else "no new parameters")
        if not self.tried:
            gives.append("not tried")
        return f"{self.title} ({', '.join(gives)})" if gives else self.title


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a model, its code or its data.

    Printed, it is a few lines of text; in a notebook, ``%load_ext keraslab`` shows it as a
    panel with the picture of the graph so far.
    """

    code: str
    """The rule's code, which stays the same: ``KL203``."""
    name: str
    """The rule's name: ``shapes-do-not-add``."""
    severity: Severity
    message: str
    """One plain sentence with the person's own names."""
    where: Place | None = None
    """The expression that failed."""
    tensors: tuple[NamedTensor, ...] = ()
    """What went into the failing call."""
    cause: Cause | None = None
    fixes: tuple[Fix, ...] = ()
    """Changes that mend it, the best first; each says whether it was ``tried``."""
    graph: Graph | None = field(default=None, repr=False, compare=False)
    """The graph so far, with the failing call in it."""
    calls: tuple[str, ...] = ()
    """The calls of ``graph`` that this is about."""

    @property
    def url(self) -> str:
        """The rule's page: what, why, bad code, good code."""
        return f"{PAGES}/{self.code}.md"

    def text(self) -> str:
        """The finding as a few lines of plain text."""
        lines = [f"{self.code} {self.name}: {self.message}"]
        if self.where is not None:
            lines.append(f"  where  {self.where}: {_one_line(self.where.text)}")
        lines += [f"  got    {tensor}" for tensor in self.tensors]
        if self.cause is not None:
            place = f" ({self.cause.place})" if self.cause.place else ""
            lines.append(f"  cause  {self.cause.sentence}{place}")
        for fix in self.fixes:
            lines.append(f"  mend   {fix}:")
            lines.append(textwrap.indent(fix.code, "           "))
        lines.append(f"  more   keraslab.explain({self.code!r})")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()


def _one_line(text: str) -> str:
    return textwrap.shorten(" ".join(text.split()), 100, placeholder=" …")
