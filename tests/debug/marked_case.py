"""Mistakes as short sources whose lines are marked ``# fails`` and ``# cause <name>``."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import keras
import pytest

from keraslab.debug import Finding
from keraslab.debug._diagnose import found


def diagnosed(text: str, path: Path) -> Finding:
    """What a source that fails is found to be wrong with."""
    path.write_text(text, encoding="utf-8")
    keras.utils.clear_session(free_memory=False)
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- whichever it is
        runpy.run_path(str(path))
    finding = found(caught.value, strict=True)
    assert finding is not None, caught.value
    return finding


def marked(text: str, mark: str) -> tuple[int, str]:
    """The line that is marked, and the name beside the mark."""
    for number, line in enumerate(text.split("\n"), start=1):
        match = re.search(rf"#.*\b{mark}\b ?([\w.]*)", line)
        if match:
            return number, match[1]
    raise AssertionError(f"No line is marked with {mark}.")


def check_marked(code: str, text: str, folder: Path) -> None:
    """A mistake is found under its code, at the marked lines, and its first fix makes it run."""
    finding = diagnosed(text, folder / "person.py")
    assert finding.code == code
    assert finding.where is not None
    assert finding.where.line == marked(text, "fails")[0]
    assert finding.cause is not None
    assert finding.cause.place is not None
    assert (finding.cause.place.line, finding.cause.name) == marked(text, "cause")
    assert len(finding.message.split(". ")) == 1
    first, *_ = finding.fixes
    keras.utils.clear_session(free_memory=False)
    exec(compile(first.apply(text), "mended", "exec"), {"__name__": "mended"})
