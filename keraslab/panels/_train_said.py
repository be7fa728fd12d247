"""What went wrong after a press of Train, said of what a person wrote: explore's arguments."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from keraslab.debug import Finding, Fix
from keraslab.panels._said import told

LINE = "the Train button"
"""Where a training begins, in place of a cell; it is not shown, for nobody wrote it."""
WITH_VALIDATION = "((x, y), (x_validation, y_validation))"
WITHOUT = "(x, y)"
_TITLES = {
    "KL709": "give data= arrays of the same length, such as the samples that all have, if they "
    "belong together"
}
"""What to do, where the finding's own words are about a call of fit."""


def told_of_training(error: BaseException, data: str, compiling: object) -> str:
    """Say what is known of an error after Train.

    Args:
        error: The exception.
        data: What explore got to train on, in the words of its message: ``(x, y)``.
        compiling: What explore got to compile the model with.

    Returns:
        A few lines of plain text as ``told`` gives them; the code in them is for explore.
    """
    return told(error, read=lambda finding: _for_explore(finding, data, compiling))


def _for_explore(finding: Finding, data: str, compiling: object) -> Finding:
    if finding.where is None or finding.where.file != LINE:
        return finding
    return replace(
        finding,
        message=f"{finding.message} The arrays are those of explore(data={data}).",
        where=None,
        fixes=tuple(_fix(fix, _TITLES.get(finding.code), data, compiling) for fix in finding.fixes),
    )


def _fix(fix: Fix, title: str | None, data: str, compiling: object) -> Fix:
    try:
        (line,) = ast.parse(fix.code).body
    except (SyntaxError, ValueError):  # several lines, or none: those of the build function
        return fix
    match line:
        case ast.Expr(ast.Call(func=ast.Name("fit"), keywords=given)):
            parts = {each.arg: ast.unparse(each.value) for each in given}
            arrays = f"({parts['x']}, {parts['y']})"
            if "validation_data" in parts:
                arrays = f"({arrays}, {parts['validation_data']})"
            return replace(fix, title=title or fix.title, code=f"data={arrays}", edits=())
        case ast.Assign([ast.Name("y")], value) if data == WITHOUT:
            return replace(fix, code=f"data=(x, {ast.unparse(value)})", edits=())
        case ast.Assign([ast.Name("loss")], ast.Constant(loss)) if isinstance(compiling, Mapping):
            return replace(fix, code=f"compile={dict(compiling) | {'loss': loss}!r}", edits=())
    return fix
