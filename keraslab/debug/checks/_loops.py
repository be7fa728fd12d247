"""Merges in a loop, whose first turn is given what later turns are not."""

from __future__ import annotations

from collections.abc import Callable

from keraslab.debug._subject import Subject
from keraslab.graph import Call


def is_first_turn(subject: Subject, call: Call, twice: Callable[[tuple[str, int]], bool]) -> bool:
    """Whether a merge that holds one tensor twice is the first turn of a loop.

    ``state = guess`` stands before a loop that joins ``[state, guess]``: in the first turn both
    are one tensor, and only later ones join it with what came of the turn before. ``twice`` says
    of a call and one of its outputs whether it is that tensor.
    """
    graph = subject.graph
    here = [(edge.source, edge.source_index) for edge in subject.edges_into[call.id]]
    after = subject.all_after(call.id)
    for later in graph.calls:
        if later.id not in after or later.type != call.type or later.kind != call.kind:
            continue
        sources = [(edge.source, edge.source_index) for edge in subject.edges_into[later.id]]
        if len(sources) != len(here) or later.inputs != call.inputs:
            continue
        kept = [at for at, source in enumerate(sources) if twice(source)]
        changed = [source for source, _ in sources if source in after or source == call.id]
        if changed and len(kept) == 1 and twice(here[kept[0]]):
            return True
    return False
