"""Changes of layers that are written under another name of their class, put where they belong."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Edit, Fix
from keraslab.debug._mend import changed_lines
from keraslab.debug._source import Source


def call_of(evidence: Evidence, operation: Any) -> tuple[Source, ast.Call] | None:
    """The call that made a layer; ``MaxPool2D`` is another name of ``MaxPooling2D``.

    Args:
        evidence: What the exception left.
        operation: The layer.
    """
    made = evidence.made_at(operation)
    if made is not None:
        return made
    for source in evidence.sources:
        calls = [c for c in source.calls() if source.value_of(c.func) is type(operation)]
        if len(calls) == 1:
            return source, calls[0]
        if calls:
            return None
    return None


def placed(
    evidence: Evidence, fix: Fix | None, changes: Mapping[Any, Mapping[str, Any]]
) -> Fix | None:
    """A change of settings with its edits, where all the calls are known now.

    Args:
        evidence: What the exception left.
        fix: The change, tried.
        changes: The settings that change, by layer.
    """
    if fix is None or fix.edits or evidence.source is None:
        return fix
    edits: dict[tuple[int, int, str], Edit] = {}
    for operation, settings in changes.items():
        made = call_of(evidence, operation)
        if made is None or made[0].file != evidence.source.file:
            return fix
        source, call = made
        for key, value in settings.items():
            edit = source.keyword(call, key, repr(value), source.positions_of(call, operation))
            edits[edit.line, edit.column, key] = edit
    whole = replace(fix, edits=tuple(edits.values()))
    return replace(whole, code=changed_lines(evidence.source.text, whole))
