"""Whether a script's mistake is found: the right family, the right line, the right cause.

A script begins with lines such as ``# FAMILY: merge``, ``# LINE: 14`` and ``# CAUSE: pool2``: what
a teacher would say of it, written before any rule saw it.
"""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from keraslab import check, diagnose
from keraslab.debug import Finding

FAMILIES = {
    "values": "1",
    "merge": "2",
    "input": "3",
    "graph": "4",
    "shape": "5",
    "sequence": "6",
    "fit": "7",
}
NEAR = {"2": "56", "3": "1574", "5": "236", "6": "52", "4": "13", "1": "3467", "7": "13"}
"""Families whose mistakes a teacher may as well file the other way."""


@dataclass(frozen=True)
class Judgement:
    """What was found about one script, beside what its header says."""

    name: str
    family: str
    raised: bool
    code: bool
    place: bool
    cause: bool
    proven: bool
    said: str

    @property
    def right(self) -> bool:
        """Whether the kind, the place and the cause are right."""
        return self.code and self.place and self.cause

    def __str__(self) -> str:
        marks = [name for name in ("code", "place", "cause", "proven") if not getattr(self, name)]
        return f"{self.name}: {'right' if self.right else 'missed'} {marks or ''} {self.said}"


def header(path: Path) -> dict[str, str]:
    """What a script's first lines say of it."""
    found = re.findall(r"^# ([A-Z]+): (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(found)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing printed, no warning, and the same automatic names for every script."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def run(path: Path) -> tuple[dict[str, Any], BaseException | None]:
    """The values a script leaves, and what it raised."""
    with quiet():
        try:
            return runpy.run_path(str(path)), None
        except Exception as error:
            return {}, error


def runs(source: str) -> bool:
    """Whether a source runs to its end."""
    with quiet():
        try:
            exec(compile(source, "mended", "exec"), {"__name__": "mended"})
        except Exception:
            return False
    return True


def speaks_of(finding: Finding, word: str) -> bool:
    """Whether a finding names what a teacher would name."""
    parts = [finding.message]
    if finding.cause is not None:
        parts += [finding.cause.name, finding.cause.sentence]
        parts += [finding.cause.place.text] if finding.cause.place is not None else []
    if finding.where is not None:
        parts.append(finding.where.text)
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", "\n".join(parts)) is not None


def judge(path: Path) -> Judgement:
    """Run a script, ask what is wrong, and hold it against the script's header."""
    said = header(path)
    family, word = said["FAMILY"], said["CAUSE"].strip("`' ")
    values, error = run(path)
    if error is None:
        model, x, y = (values.get(name) for name in ("model", "x", "y"))
        with quiet():
            report = list(check(model, x, y, select="all"))
        found = [finding for finding in report if speaks_of(finding, word)]
        text = "; ".join(f"{each.code} {each.message}" for each in found or report) or "nothing"
        right = bool(found)
        return Judgement(path.stem, family, False, right, True, right, True, text)
    finding = diagnose(error)
    if finding is None:
        text = f"nothing ({type(error).__name__}: {str(error)[:120]!r})"
        return Judgement(path.stem, family, True, False, False, False, False, text)
    number = FAMILIES.get(family, "")
    kind = finding.code[2] in number + NEAR.get(number, "")
    where = finding.where
    line = where is not None and where.line <= int(said["LINE"]) <= where.end_line
    source = path.read_text(encoding="utf-8")
    proven = any(fix.edits and runs(fix.apply(source)) for fix in finding.fixes)
    text = f"{finding.code} {finding.message}"
    return Judgement(path.stem, family, True, kind, line, speaks_of(finding, word), proven, text)
