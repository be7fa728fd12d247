"""A rule asked again, of a model or of data that a change was made to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from keraslab.debug._heads import Heads
from keraslab.debug._rules import SILENT, Rule
from keraslab.debug._subject import Subject
from keraslab.graph import Graph

_TRYING = "_trying"
_OF_GRAPH = ("graph", "_after", "_before", "output_calls")
_OF_HEADS = ("all_heads", "heads")
_OF_DATA = ("data", "batch", "_probe")
OF_TRAINING = ("KL75", "KL76", "KL77", "KL78")
"""How the codes of rules about losses and data begin."""
Look = Callable[[Subject], Iterable[Any]]


def is_trying(subject: Subject) -> bool:
    """Whether a subject is only asked about for a trial, so that nothing is tried on it."""
    return _TRYING in vars(subject)


def as_it_is(subject: Subject) -> Subject:
    """The same subject; what is known of it is kept."""
    again = Subject(subject.model, subject.x, subject.y)
    return _asked(again, subject, *_OF_GRAPH, *_OF_HEADS, *_OF_DATA)


def with_heads(subject: Subject, heads: Heads) -> Subject:
    """The same subject, compiled otherwise."""
    again = Subject(subject.model, subject.x, subject.y)
    vars(again)["all_heads"] = heads
    return _asked(again, subject, *_OF_GRAPH, "data", "batch")


def with_data(subject: Subject, x: Any, y: Any) -> Subject:
    """The same model beside other data."""
    return _asked(Subject(subject.model, x, y), subject, *_OF_GRAPH, *_OF_HEADS)


def with_graph(subject: Subject, graph: Graph) -> Subject:
    """The same model, looked at as another graph, without data."""
    again = Subject(subject.model)
    vars(again)["graph"] = graph
    return _asked(again, subject)


def with_model(model: Any, x: Any = None, y: Any = None) -> Subject:
    """Another model."""
    again = Subject(model, x, y)
    return _asked(again, again)


def mends(
    before: Subject,
    after: Subject,
    rule: Rule,
    *,
    look: Look | None = None,
    among: tuple[str, ...] = ("KL",),
) -> bool | None:
    """Whether a rule has less to say after a change, and no rule has a new error.

    Args:
        before: What the rule spoke of, as far as the trial goes.
        after: The same with the change.
        rule: The rule whose finding is to be mended.
        look: What to ask in its place: the part of it that a trial can answer.
        among: How the codes of the other rules begin that the change could wake.

    Returns:
        None where the rule is silent already before the change, so that nothing can be told.
    """
    ask = look or rule.look
    said = len(list(ask(before)))
    if not said:
        return None
    if len(list(ask(after))) >= said:
        return False
    # What was wrong before, and is still, is none of this change's making.
    others = [
        other
        for code, other in SILENT.items()
        if other.severity == "error"
        and other is not rule
        and code.startswith(among)
        # Running the whole model once more is left to the rules that ask for just that.
        and not code.startswith("KL87")
    ]
    return not _counted(after, others) - _counted(before, others)


def _counted(subject: Subject, rules: Iterable[Rule]) -> Counter[str]:
    return Counter({rule.code: len(list(rule.look(subject))) for rule in rules})


def _asked(again: Subject, subject: Subject, *kept: str) -> Subject:
    """A subject on which nothing is tried, with what was worked out for another."""
    known = vars(subject)
    vars(again).update({name: known[name] for name in kept if name in known}, **{_TRYING: True})
    return again
