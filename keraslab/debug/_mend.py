"""Changes to offer: the text, its place in the source, and the trial that proves it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from keraslab.debug._evidence import Evidence, maker_name
from keraslab.debug._finding import Edit, Fix
from keraslab.debug._source import Source
from keraslab.debug._trial import Trial


class Mender:
    """Makes the fixes of one failing call.

    Args:
        evidence: What the exception left.
    """

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.trial = Trial(evidence)

    def layer(self, name: str, arguments: str = "") -> str:
        """How this person writes a layer: ``layers.Flatten()``."""
        source = self.evidence.source
        return source.layer(name, arguments) if source else f"keras.layers.{name}({arguments})"

    def around(
        self, title: str, changed: Sequence[tuple[Any, str]], work: Callable[..., Any]
    ) -> Fix | None:
        """Offer layers around tensors of the failing call.

        Args:
            title: What it does, in a few words.
            changed: For each tensor that changes, what is called on it: ``layers.Flatten()``.
            work: Takes a stand-in for each tensor of the failing call; the trial.
        """
        source = self.evidence.source
        edits: list[Edit | None] = []
        lines = []
        for tensor, called in changed:
            node = self.evidence.expression_of(tensor)
            name = self.evidence.name_of(tensor)
            if source is not None and node is not None:
                edits.append(source.wrap(node, f"{called}("))
            elif source is not None and name is not None and source.name_of(tensor) == name:
                edits.append(source.before(f"{name} = {called}({name})"))
            else:
                edits.append(None)
            held = name or maker_name(tensor)
            lines.append(f"{held} = {called}({held})")
        return self.offer(title, edits, work, code="\n".join(lines))

    def setting(self, title: str, operation: Any, **settings: Any) -> Fix | None:
        """Offer other settings of the layer that failed, or of one that leads to it.

        Args:
            title: What it does, in a few words.
            operation: The layer.
            **settings: Its settings that change, as Python values.
        """
        failing = self.evidence.failing
        if failing is not None and failing.operation is operation:
            return self._offer_setting(
                title, operation, settings, lambda *t: self.trial.again(*t, **settings), None
            )
        after = self.trial.upstream(operation, **settings)
        if after is None:
            return None
        return self._offer_setting(title, operation, settings, self.trial.again, after)

    def _offer_setting(
        self, title: str, operation: Any, settings: Any, work: Any, tensors: Any
    ) -> Fix | None:
        made = self.evidence.made_at(operation)
        edits: list[Edit | None] = []
        source = None
        for key, value in settings.items():
            if made is None:
                edits.append(None)
                continue
            source, node = made
            positions = source.positions_of(node, operation)
            edits.append(source.keyword(node, key, repr(value), positions))
        written = ", ".join(f"{key}={value!r}" for key, value in settings.items())
        code = f"{operation.name}: {type(operation).__name__}(..., {written})"
        return self.offer(title, edits, work, tensors, code, source)

    def offer(
        self,
        title: str,
        edits: Sequence[Edit | None],
        work: Callable[..., Any],
        tensors: Sequence[Any] | None = None,
        code: str = "",
        source: Source | None = None,
    ) -> Fix | None:
        """Offer a change, where trying it works.

        Args:
            title: What it does, in a few words.
            edits: The change of the source; with a None among them it has no place there.
            work: The trial; takes a stand-in for each tensor.
            tensors: The tensors, or specs of such; None for those of the failing call.
            code: The code to write, where the edits have no place.
            source: Whose text changes; None for that of the failing line.
        """
        outcome = self.trial.run(work, tensors)
        if outcome is None:
            return None
        source = source or self.evidence.source
        known = tuple(edit for edit in edits if edit is not None)
        if source is None or not known or len(known) < len(edits):
            return Fix(title, code, outcome.result, outcome.params, tried=True)
        fix = Fix(title, code, outcome.result, outcome.params, known, tried=True)
        shown = changed_lines(source.text, fix) or code
        # A change in another file than the one that failed is told, not made.
        here = self.evidence.source is not None and source.file == self.evidence.source.file
        return replace(fix, code=shown, edits=known if here else ())


def changed_lines(text: str, fix: Fix) -> str:
    """The lines of a text that a fix changes, as they are after it."""
    before, after = text.split("\n"), fix.apply(text).split("\n")
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    lines = after[start : len(after) - end]
    return "\n".join(line.strip() if len(lines) == 1 else line for line in lines)
