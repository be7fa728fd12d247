"""Mistakes as short sources: run one, diagnose it, run it again with each fix that is offered."""

from __future__ import annotations

import linecache
import runpy
from dataclasses import dataclass
from pathlib import Path

from keraslab.debug import Finding
from keraslab.debug._diagnose import found

START = "import keras\nimport numpy as np\nfrom keras import layers, ops\n\n"
MARK = "# cause"


@dataclass(frozen=True)
class Mistake:
    """A source that fails, the code of its rule, and the line where it really went wrong."""

    code: str
    name: str
    source: str

    @property
    def id(self) -> str:
        return f"{self.code}-{self.name}"

    @property
    def cause(self) -> int:
        lines = self.source.split("\n")
        return next(i for i, line in enumerate(lines, start=1) if MARK in line)


def mistakes(text: str) -> list[Mistake]:
    """Mistakes that are separated by lines such as ``### KL101 name``."""
    found = []
    for part in text.split("### ")[1:]:
        head, body = part.split("\n", 1)
        code, name = head.split()
        found.append(Mistake(code, name, START + body))
    return found


def diagnosed(source: str, path: Path) -> tuple[Finding | None, BaseException | None]:
    """What a source that fails is found to be wrong with; nothing where it does not fail."""
    path.write_text(source, encoding="utf-8")
    linecache.checkcache(str(path))
    try:
        runpy.run_path(str(path))
    except Exception as error:
        return found(error, strict=True), error
    return None, None


def proven(finding: Finding, source: str, path: Path) -> None:
    """Apply each fix to the source and execute it."""
    assert finding.fixes
    for fix in finding.fixes:
        assert fix.edits, fix.title
        path.write_text(fix.apply(source), encoding="utf-8")
        linecache.checkcache(str(path))
        runpy.run_path(str(path))


def check_mistake(mistake: Mistake, folder: Path) -> Finding:
    """A mistake is found under its code, at its cause, with fixes that are proven."""
    finding, error = diagnosed(mistake.source, folder / "person.py")
    assert error is not None
    before = str(error)
    assert finding is not None, before
    assert finding.code == mistake.code, finding
    assert finding.where is not None
    assert finding.cause is not None
    assert finding.cause.name
    assert finding.cause.sentence
    place = finding.cause.place
    assert place is not None
    assert place.line <= mistake.cause <= place.end_line, finding
    assert finding.message.endswith(".")
    assert "\n" not in finding.message
    proven(finding, mistake.source, folder / "mended.py")
    assert str(error) == before
    return finding
