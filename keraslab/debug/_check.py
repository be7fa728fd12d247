"""Look for mistakes that raise nothing."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from keraslab.debug import checks as _registers_the_rules  # noqa: F401
from keraslab.debug._finding import SEVERITIES, Finding
from keraslab.debug._report import Report
from keraslab.debug._rules import ERRORS, SILENT, Rule
from keraslab.debug._subject import Subject

STRICT = False
"""Whether a rule that raises brings the check down; so in tests."""

Codes = str | Iterable[str]


def check(
    model: Any,
    x: Any = None,
    y: Any = None,
    *,
    select: Codes | None = None,
    ignore: Codes | Mapping[str, Codes] | None = None,
) -> Report:
    """Look for mistakes that Keras lets pass: the model builds, trains, and is wrong.

    Without data, the model is looked at as a graph, and nothing is computed; the ``call`` of a
    model of your own class is followed once, on symbolic tensors. With ``x`` and ``y``, one batch
    of at most 32 samples is run through it a few times as well. The model is not changed, and
    nothing is taken from a generator.

    A rule is named by its code (``"KL451"``), the beginning of codes (``"KL4"``) or its name
    (``"unused-input"``); a severity (``"error"``, ``"warning"``, ``"style"``) or ``"all"``
    names every rule of it. Rules of style look only when ``select`` names them.

    Args:
        model: A model, compiled or not, or anything else that ``read_graph`` takes.
        x: Inputs as for ``fit``, or a dataset that gives batches.
        y: Targets as for ``fit``.
        select: The only rules to look with. By default all that are not of style.
        ignore: Rules to leave out. A dict says where: ``{"encoder": "KL471"}`` leaves them out
            in a model of that name, or for findings about a layer or nested model so called.

    Returns:
        A ``Report``: its findings come worst first.

    Raises:
        ModelError: ``model`` cannot be read as a graph.
        ValueError: ``select`` or ``ignore`` names no rule.

    Example:
        >>> import keras
        >>> a, b = keras.Input((4,), name="a"), keras.Input((2,), name="b")
        >>> model = keras.Model([a, b], keras.layers.Dense(1)(a), name="mine")
        >>> report = check(model)
        >>> report.ok, report.codes
        (False, ('KL351',))
        >>> check(model, ignore={"mine": "unused-input"}).ok
        True
    """
    rules = _selected(select, ignore)
    spared = _spared(ignore)
    subject = Subject(model, x, y)
    graph = subject.graph
    findings: list[Finding] = []
    failed: list[str] = []
    for rule in rules:
        try:
            findings += rule.look(subject)
        except Exception as error:
            if STRICT:
                raise
            said = (str(error).strip().splitlines() or [""])[0][:200]
            failed.append(f"{rule.code} {rule.name} could not look: {type(error).__name__}: {said}")
    place = {call.id: number for number, call in enumerate(graph.calls)}
    kept = [finding for finding in findings if not _is_spared(finding, subject, spared)]
    kept.sort(
        key=lambda finding: (
            SEVERITIES.index(finding.severity),
            min([place.get(call, len(place)) for call in finding.calls], default=len(place)),
            finding.code,
        )
    )
    return Report(graph.name, tuple(kept), tuple(failed), len(rules), graph, tuple(subject.notes))


def _selected(select: Codes | None, ignore: Any) -> list[Rule]:
    if select is None:
        chosen = {code for code, rule in SILENT.items() if rule.severity != "style"}
    else:
        chosen = _codes(select, "select")
    if ignore is not None and not isinstance(ignore, Mapping):
        chosen -= _codes(ignore, "ignore")
    return [rule for code, rule in sorted(SILENT.items()) if code in chosen]


def _spared(ignore: Any) -> dict[str, set[str]]:
    if not isinstance(ignore, Mapping):
        return {}
    return {str(name): _codes(codes, f"ignore[{name!r}]") for name, codes in ignore.items()}


def _codes(given: Any, argument: str) -> set[str]:
    words = [given] if isinstance(given, str) else given
    if not isinstance(words, Iterable) or not all(isinstance(word, str) for word in words):
        raise ValueError(
            f"check(): {argument} must be codes or names of rules, such as 'KL451' or "
            f"'unused-input'. Received: {given!r}"
        )
    found: set[str] = set()
    for word in words:
        codes = {rule.code for rule in SILENT.values() if _names(word, rule)}
        if not codes:
            raise ValueError(f"check(): {argument} names no rule: {word!r}.{_hint(word)}")
        found |= codes
    return found


def _names(word: str, rule: Rule) -> bool:
    asked = word.strip()
    if asked.lower() in ("all", rule.severity, rule.name):
        return True
    return len(asked) > 2 and asked.upper().startswith("KL") and rule.code.startswith(asked.upper())


def _hint(word: str) -> str:
    if word.strip().upper() in ERRORS:
        return " That rule explains an exception, which check() never meets."
    known = [*SILENT, *[rule.name for rule in SILENT.values()]]
    close = difflib.get_close_matches(word.strip(), known, n=3, cutoff=0.6)
    return f" Close: {', '.join(close)}." if close else f" Known: {', '.join(sorted(SILENT))}."


def _is_spared(finding: Finding, subject: Subject, spared: Mapping[str, set[str]]) -> bool:
    names = [name for name, codes in spared.items() if finding.code in codes]
    if not names:
        return False
    if subject.graph.name in names:
        return True
    return bool(finding.calls) and all(
        any(_lies_in(call, name, subject) for name in names) for call in finding.calls
    )


def _lies_in(call_id: str, name: str, subject: Subject) -> bool:
    """Whether a call is of a layer of this name, or lies in a nested model or block of it."""
    call = subject.graph.call_by_id.get(call_id)
    if call is None:
        return False
    if name in (call.name, call.layer):
        return True
    group = call.group
    while group is not None:
        found = subject.graph.group_by_id[group]
        if name == found.label:
            return True
        group = found.parent
    return False
