"""The rules: what each is called, and which function looks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from keraslab.debug._finding import Finding, Severity


@dataclass(frozen=True)
class Rule:
    """One kind of mistake: a code that stays, a name, and where it is looked for."""

    code: str
    name: str
    severity: Severity
    look: Callable[[Any], Any]
    """For errors ``look(evidence)`` gives a finding or None; for silent mistakes
    ``look(subject)`` yields findings."""
    origins: tuple[str, ...] = ()
    """For errors: where in Keras the exception must come from, such as
    ``layers.merging.concatenate:Concatenate.build``; a name that ends in ``*`` is a beginning.
    Empty: the rule itself sees to it."""

    def finding(self, message: str, **parts: Any) -> Finding:
        """A finding of this rule.

        Args:
            message: One plain sentence with the person's own names.
            **parts: The other fields of ``Finding``.
        """
        return Finding(self.code, self.name, self.severity, message, **parts)


ERRORS: dict[str, Rule] = {}
"""Rules for exceptions by code, in the order they are asked."""
SILENT: dict[str, Rule] = {}
"""Rules for mistakes that raise nothing, by code."""


def error_rule(
    code: str, name: str, *, origins: Iterable[str] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make ``look(rule, evidence) -> Finding | None`` a rule for exceptions.

    Args:
        code: Its code, such as ``KL203``.
        name: Its name, in words joined by hyphens.
        origins: Where in Keras the exception must come from.
    """

    def register(look: Callable[..., Any]) -> Callable[..., Any]:
        def looked(evidence: Any) -> Any:
            return look(ERRORS[code], evidence)

        _add(ERRORS, Rule(code, name, "error", looked, tuple(origins)))
        return look

    return register


def silent_rule(
    code: str, name: str, severity: Severity
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make ``look(rule, subject) -> Iterator[Finding]`` a rule for mistakes that raise nothing.

    Args:
        code: Its code, such as ``KL451``.
        name: Its name, in words joined by hyphens.
        severity: ``"error"``, ``"warning"`` or ``"style"``.
    """

    def register(look: Callable[..., Any]) -> Callable[..., Any]:
        def looked(subject: Any) -> Any:
            return look(SILENT[code], subject)

        _add(SILENT, Rule(code, name, severity, looked))
        return look

    return register


def _add(rules: dict[str, Rule], rule: Rule) -> None:
    if rule.code in ERRORS or rule.code in SILENT:
        raise ValueError(f"Two rules have the code {rule.code}.")
    rules[rule.code] = rule
