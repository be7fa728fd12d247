"""A change of someone's text tried: the least of the changed text is read again on stand-ins.

No line of the person's runs. Statements are read one after another, as Python would run them, and
of what they call only layers and functions of Keras are, on symbolic tensors without weights.
Where ``compile``, ``fit`` ... failed, that call is tried too, on a few samples and made-up outputs.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Sequence
from typing import Any, Literal

from keraslab.debug._evidence import TRAINING, Evidence
from keraslab.debug._finding import Edit, Fix
from keraslab.debug._fit_case import FitCase, fit_case
from keraslab.debug._reading import Reading, UnsureError, bound_names, read_names
from keraslab.debug._rehearsal import Rehearsal
from keraslab.debug._source import Source, last_name
from keraslab.debug._syntax import parsed
from keraslab.graph import keras_internals, skeleton

Verdict = Literal["works", "fails", "unknown"]
_At = tuple[int, int]
_MOST = 300
"""Statements in one function or file that are still gone through."""


def verdict(fix: Fix, evidence: Evidence) -> Verdict:
    """Whether a change of the text mends what failed, as far as reading it again can tell.

    The text as it is is read as well: only where that fails, as it did for the person, does a
    failure of the changed text count, and only where it does not pass does a success. Of a
    training, what the text as it is gives must be known, and be a failure.

    Args:
        fix: The change, with its edits.
        evidence: What the exception left.
    """
    source = _frame_of(fix.edits, evidence)
    if source is None or not fix.edits:
        return "unknown"
    callers = evidence.sources[evidence.sources.index(source) + 1 :]
    outcomes = evidence.__dict__.setdefault("_reread", {})
    case = fit_case(evidence, any_model=True)
    new = _again(source, callers, fix.edits, case)
    if new == "unknown":
        return "unknown"
    key = (source.place, tuple((e.line, e.column) for e in fix.edits))
    if key not in outcomes:
        outcomes[key] = _again(source, callers, fix.edits, case, as_it_was=True)
    old: Verdict = outcomes[key]
    if new == "works":
        return "works" if old == "fails" or (old == "unknown" and case is None) else "unknown"
    return "fails" if old == "fails" else "unknown"


def in_a_loop(fix: Fix, evidence: Evidence) -> bool:
    """Whether what a change writes runs again and again."""
    source = evidence.source
    tree = source.tree if source is not None else None
    loops = (ast.For, ast.While, ast.ListComp, ast.GeneratorExp)
    kept = vars(evidence)
    if "_loops" not in kept:
        kept["_loops"] = [n for n in ast.walk(tree) if isinstance(n, loops)] if tree else []
    return any(
        _spans(node, (edit.line + 1, edit.column)) for node in kept["_loops"] for edit in fix.edits
    )


def _frame_of(edits: Sequence[Edit], evidence: Evidence) -> Source | None:
    """The innermost of the person's frames whose function holds all of a change."""
    for source in evidence.sources:
        if source.tree is None or source.file != evidence.sources[0].file:
            return None
        scope = Reading(source, ()).scope
        if isinstance(scope, ast.Module):
            return source
        failing = source.statement
        if failing is not None and all(_behind(source, failing, e) for e in edits):
            continue  # what stands below the line that failed is for whoever calls the function
        first = source.chars(getattr(scope, "body", [scope])[0])[:2]
        last = source.chars(scope)[2:]
        if all(first <= (e.line, e.column) and (e.end_line, e.end_column) <= last for e in edits):
            return source
    return None


def _behind(source: Source, failing: ast.stmt, edit: Edit) -> bool:
    """Whether a change is below the failing line, and no loop leads back from it."""
    place = (edit.line + 1, edit.column)
    loops = [n for n in ast.walk(Reading(source, ()).scope) if isinstance(n, (ast.For, ast.While))]
    together = any(_holds(n, failing) and _spans(n, place) for n in loops)
    return place >= (failing.end_lineno or 0, failing.end_col_offset or 0) and not together


def _again(
    source: Source,
    callers: tuple[Source, ...],
    edits: Sequence[Edit],
    case: FitCase | None,
    as_it_was: bool = False,
) -> Verdict:
    """Read the least of a text again, with a change or as it was."""
    lines = source.text.split("\n")
    nothing = [Edit(e.line, e.column, e.end_line, e.end_column, _between(lines, e)) for e in edits]
    made = _edited(source, nothing if as_it_was else edits)
    if made is None:
        return "unknown"
    new, places, moved = made
    reading = (
        Reading(new, callers)
        if case is None
        else Rehearsal(new, callers, case, _failing_call(new, case, moved))
    )
    body = getattr(reading.scope, "body", [])
    last = next((i for i, s in enumerate(body) if _holds(s, new.statement)), None)
    if last is None or last > _MOST:
        return "unknown"
    chosen, soft = _least(reading, body[: last + 1], places)
    with keras_internals.consumers_kept(reading.operations()):
        try:
            with skeleton():
                for each in chosen:
                    reading.run(each, soft=each in soft)
            reading.ended()
        except UnsureError:
            return "unknown"
        except Exception:  # whatever a text raises, it does not work
            return "unknown" if reading.unsure else "fails"
    return "works"


def _failing_call(new: Source, case: FitCase, moved: Callable[[int, int], _At]) -> ast.Call | None:
    """The call that failed in a changed text."""
    source, node = case.evidence.source, case.node
    if source is None or node is None:
        return None
    line, column, *_ = source.chars(node)
    here, work = moved(line, column), ast.dump(node.func)
    found = [
        each
        for each in new.calls()
        if (each.lineno, each.col_offset) == here and ast.dump(each.func) == work
    ]
    return found[0] if len(found) == 1 else None


def _least(
    reading: Reading, body: Sequence[ast.stmt], places: Sequence[tuple[int, int]]
) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """The statements that a change has to do with, and those of them that only lead to it."""
    reads = {id(s): read_names(s) for s in body}
    binds = {id(s): bound_names(s) for s in body}
    changes = {id(s): _changed_by(s) for s in body}
    needs_all = {id(s) for s in body if _needs_all(s)}
    chosen = {id(body[-1])}
    chosen |= {id(s) for s in body if any(_spans(s, place) for place in places)}
    stale: set[str] = set()
    soft: set[int] = set()
    while True:
        before = len(chosen), len(soft)
        for each in body:
            if id(each) in chosen or reads[id(each)] & stale:
                chosen.add(id(each))
                if any(_spans(each, place) for place in places) or reads[id(each)] & stale:
                    stale |= binds[id(each)]
                # What a statement puts something into must be made anew from its start.
                changed = changes[id(each)]
                for other in body:
                    if binds[id(other)] & changed or (
                        changes[id(other)] & changed and changed & reads[id(each)]
                    ):
                        chosen.add(id(other))
                stale |= changed
        whole = bool(needs_all & chosen)
        if whole:
            for each in reversed(body):
                wanted = {
                    name
                    for s in body
                    if id(s) in chosen or id(s) in soft
                    for name in reads[id(s)]
                    if reading.is_made(name)
                }
                if binds[id(each)] & wanted and id(each) not in chosen:
                    soft.add(id(each))
        if (len(chosen), len(soft)) == before:
            break
    return (
        [s for s in body if id(s) in chosen or id(s) in soft],
        [s for s in body if id(s) in soft and id(s) not in chosen],
    )


def _needs_all(statement: ast.stmt) -> bool:
    """Whether a statement makes a model of tensors, or goes through something again."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return False
    for node in ast.walk(statement):
        if isinstance(node, (ast.For, ast.While)):
            return True
        if isinstance(node, ast.Call) and last_name(node.func) in ("Model", "Function"):
            return True
    return False


def _changed_by(statement: ast.stmt) -> set[str]:
    """The variables whose value a statement changes without giving them another."""
    found: set[str] = set()
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return found
    for node in ast.walk(statement):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            holder = node.value.func
            if isinstance(holder, ast.Attribute) and isinstance(holder.value, ast.Name):
                # Training needs no model made anew, nor does compiling.
                found |= set() if holder.attr in TRAINING else {holder.value.id}
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            found |= {node.value.id} if isinstance(node.value, ast.Name) else set()
    return found


def _edited(
    source: Source, edits: Sequence[Edit]
) -> tuple[Source, list[_At], Callable[[int, int], _At]] | None:
    """A source with another text, at the same statement, and where its changes begin.

    The third tells where in the new text an expression starts, by its old line and column.
    """
    text = Fix("", "", edits=tuple(edits)).apply(source.text)
    tree = parsed(text)
    if tree is None or source.statement is None:
        return None
    old = source.text.split("\n")
    starts = [0]
    for text_line in old:
        starts.append(starts[-1] + len(text_line) + 1)

    def moved(offset: int, within: bool) -> int:
        """Where a character of the old text is in the new one."""
        shift = 0
        for e in edits:
            first, end = starts[e.line] + e.column, starts[e.end_line] + e.end_column
            if end < offset or (end == offset and not within):
                shift += len(e.text) - (end - first)
        return offset + shift

    new_lines = text.split("\n")

    def place(offset: int) -> tuple[int, int]:
        for number, line in enumerate(new_lines):
            if offset <= len(line):
                return number + 1, len(line[:offset].encode())
            offset -= len(line) + 1
        return len(new_lines), 0

    def stands(line: int, column: int) -> _At:
        return place(moved(starts[line] + column, within=False))

    here = stands(*source.chars(source.statement)[:2])
    found = [n for n in ast.walk(tree) if isinstance(n, ast.stmt) and _spans(n, here)]
    if not found:
        return None
    found.sort(key=lambda n: (n.lineno, n.col_offset))
    made = copy.copy(source)
    kept = {key: vars(source)[key] for key in ("_frame", "_line", "_span", "_settings")}
    vars(made).clear()
    # A line that is put in starts with the spaces that the lines around it start with.
    at = [place(moved(starts[e.line] + e.column, within=True) + _spaces(e.text)) for e in edits]
    vars(made).update(kept, text=text, tree=tree, statement=found[-1], node=None)
    return made, at, stands


def _spaces(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _between(lines: Sequence[str], edit: Edit) -> str:
    """What stands where an edit puts another text."""
    part = list(lines[edit.line : edit.end_line + 1])
    if edit.end_line >= len(lines):
        part.append("")
    part[-1] = part[-1][: edit.end_column]
    part[0] = part[0][edit.column :]
    return "\n".join(part)


def _spans(node: Any, at: tuple[int, int]) -> bool:
    return (node.lineno, node.col_offset) <= at <= (node.end_lineno, node.end_col_offset)


def _holds(outer: ast.stmt, inner: ast.stmt | None) -> bool:
    return any(node is inner for node in ast.walk(outer))
