"""What an exception says, in one plain sentence, and where in the person's own code."""

from __future__ import annotations

import inspect
import linecache
import re
from collections.abc import Callable
from html import escape
from itertools import groupby
from typing import Any

from keraslab.debug import Finding, diagnose

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_KERAS_HEADER = re.compile(r"^Exception encountered when calling [^\n]*\n+")
_KERAS_ARGUMENTS = re.compile(r"\n+Arguments received by .*", re.DOTALL)
LONGEST = 400
CODE = "    "
"""What a line of code begins with in plain text."""


def said(error: BaseException, build: Callable[..., Any] | None = None) -> str:
    """Shorten an exception to what a person needs: its kind, its first sentence, the line.

    Args:
        error: the exception.
        build: the function it came out of; its file tells which line is the person's own.

    Returns:
        One or two lines of plain text, not escaped.

    Example:
        >>> said(ValueError("Negative dimension."))
        'ValueError: Negative dimension.'
    """
    text = _ANSI.sub("", str(error)).strip()
    text = _KERAS_ARGUMENTS.sub("", _KERAS_HEADER.sub("", text))
    text = " ".join(text.split("\n\n")[0].split()) or "(no message)"
    if len(text) > LONGEST:
        text = text[: LONGEST - 1].rstrip() + "…"
    sentence = f"{type(error).__name__}: {text}"
    place = _own_line(error, build) if build is not None else None
    return f"{sentence}\n{place}" if place else sentence


def told(
    error: BaseException,
    build: Callable[..., Any] | None = None,
    *,
    read: Callable[[Finding], Finding] = lambda finding: finding,
) -> str:
    """Say what an exception means where that is known, else what it says.

    Args:
        error: the exception.
        build: as for ``said``.
        read: puts a finding into the words of who reads it.

    Returns:
        A few lines of plain text, not escaped: the sentence, the cause, a change that mends it.
        Lines of code are indented, as ``as_html`` expects them.
    """
    finding = diagnose(error)
    if finding is None:
        return said(error, build)
    finding = read(finding)
    lines = [f"{finding.message} ({finding.code})"]
    if finding.where is not None:
        lines += [f"{finding.where}:", CODE + " ".join(finding.where.text.split())]
    if finding.cause is not None:
        lines.append(f"Cause: {finding.cause.sentence}.")
    if finding.fixes:
        fix = finding.fixes[0]
        lines += [f"To mend it, {fix}:", *(CODE + line for line in fix.code.splitlines())]
    return "\n".join(lines)


def as_html(text: str) -> str:
    r"""Plain text as HTML: escaped, a line per line, indented lines as code.

    Args:
        text: such as ``told`` gives.

    Example:
        >>> as_html("a < b\n    x = 1\n    y = 2\nend")
        'a &lt; b<pre class="kl-code">x = 1\ny = 2</pre>end'
    """
    parts = []
    for is_code, lines in groupby(text.splitlines(), lambda line: line.startswith(CODE)):
        if is_code:
            code = "\n".join(escape(line.removeprefix(CODE)) for line in lines)
            parts.append(f'<pre class="kl-code">{code}</pre>')
        else:
            parts.append("<br>".join(escape(line) for line in lines))
    return "".join(parts)


def _own_line(error: BaseException, build: Callable[..., Any]) -> str | None:
    code = getattr(inspect.unwrap(build), "__code__", None)
    if code is None:
        return None
    found = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == code.co_filename:
            found = trace
        trace = trace.tb_next
    if found is None:
        return None
    source = linecache.getline(code.co_filename, found.tb_lineno).strip()
    where = f"in {found.tb_frame.f_code.co_name}(), line {found.tb_lineno}"
    return f"{where}: {source}" if source else where
