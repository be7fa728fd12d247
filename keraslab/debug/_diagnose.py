"""From an exception to a finding."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from keraslab.debug import errors  # noqa: F401 -- its rules register themselves
from keraslab.debug._evidence import Evidence, spec_of, tensors_in
from keraslab.debug._finding import Finding, Fix
from keraslab.debug._rerun import in_a_loop, verdict
from keraslab.debug._rules import ERRORS, Rule
from keraslab.debug._trial import nothing_left_behind
from keraslab.debug.errors._rewriting import importing
from keraslab.graph import Call, Edge, Graph, read_graph

FAILING = "failing call"
"""The id of the call that failed in a finding's graph."""
_MODEL = "models.functional:Functional.__init__"


def diagnose(error: BaseException) -> Finding | None:
    """Say what an exception of Keras means: the mistake, its place, its cause, tried changes.

    The exception is only read, and no function or line of yours runs again. Changes that the
    finding offers were tried on stand-ins of the tensors, without weights, or say that they could
    not be; what fails when it is tried is not offered. Of a failing ``fit``, Keras' own losses and
    metrics compare a few of your targets with made-up outputs; nothing is trained. Where a layer
    of your own class, a ``Lambda`` or a model of your own class lies on the way to the line that
    failed, its ``__init__``, ``get_config``, ``build`` and ``call`` may run again for that, on
    symbolic tensors: what they print, append or write, they then do once more. Your layers, their
    weights, the automatic names and all seeds stay as they are.

    Args:
        error: The exception, with its traceback.

    Returns:
        The finding, or None where no rule is sure; then the traceback says what is known.

    Example:
        >>> import keras
        >>> a, b = keras.Input((8,)), keras.Input((4,))
        >>> try:
        ...     keras.layers.Add()([a, b])
        ... except ValueError as error:
        ...     finding = diagnose(error)
        >>> finding.code, finding.fixes[0].result, finding.fixes[0].params
        ('KL206', '? × 4', 36)
    """
    try:
        with nothing_left_behind():
            return found(error)
    except Exception:  # whatever a diagnosis runs into, the first error is the one that counts
        return None


def found(error: BaseException, strict: bool = False) -> Finding | None:
    """As ``diagnose``; where ``strict``, an error in a rule comes out."""
    evidence = Evidence(error)
    if evidence.source is None:
        return None
    for rule in ERRORS.values():
        if rule.origins and not _comes_from(evidence.origin, rule):
            continue
        try:
            finding: Finding | None = rule.look(evidence)
        except Exception:
            if strict:
                raise
            continue
        if finding is not None:
            return _completed(finding, evidence)
    return None


def _comes_from(origin: str, rule: Rule) -> bool:
    return any(fnmatch.fnmatchcase(origin, place) for place in rule.origins)


def _completed(finding: Finding, evidence: Evidence) -> Finding:
    """The finding with the place, the tensors and the graph that every rule would give."""
    parts: dict[str, Any] = {}
    if finding.where is None:
        parts["where"] = evidence.where
    if not finding.tensors:
        parts["tensors"] = evidence.named()
    if finding.graph is None:
        graph, calls = graph_of(evidence)
        parts |= {"graph": graph, "calls": calls}
    checked = [_checked(fix, evidence, finding.code) for fix in finding.fixes if fix is not None]
    parts["fixes"] = tuple(_offered(checked, evidence))
    return replace(finding, **parts)


def _checked(fix: Fix, evidence: Evidence, code: str) -> Fix:
    """The fix, without its edits where the text they make is no Python."""
    source = evidence.source
    text = source.text if source is not None else ""
    if fix.edits and source is not None and not any("import " in e.text for e in fix.edits):
        more = importing(source, "\n".join(edit.text for edit in fix.edits))
        fix = replace(fix, edits=(*fix.edits, *more))
    if fix.edits and text:
        try:
            compile(fix.apply(text), "<fix>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            fix = replace(fix, edits=())
    # In these families a change wires what is there; what a trial made of it is nothing new.
    return replace(fix, params=None) if code[2] in "14" else fix


def _offered(fixes: Sequence[Fix], evidence: Evidence) -> Iterator[Fix]:
    """The fixes, each tried where that can be; without those that do not work."""
    for fix in fixes:
        # On stand-ins of the failing call alone, a change says nothing of the next turn of a loop.
        if not fix.edits or (fix.tried and not in_a_loop(fix, evidence)):
            yield fix
            continue
        try:
            found = verdict(fix, evidence)
        except Exception:  # what cannot be read again is not tried
            found = "unknown"
        if found != "fails":
            yield replace(fix, tried=fix.tried or found == "works")


def graph_of(evidence: Evidence) -> tuple[Graph | None, tuple[str, ...]]:
    """The graph so far with the failing call in it, and the ids of what to mark.

    Args:
        evidence: What the exception left.
    """
    failing = evidence.failing
    if failing is None or evidence.graph is None:
        return _graph_of_model(evidence), ()
    graph, operation = evidence.graph, failing.operation
    specs = tuple(spec_of(tensor) for tensor in evidence.tensors)
    call = Call(
        id=FAILING,
        name=str(operation.name),
        type=type(operation).__name__,
        kind="layer",
        layer=FAILING,
        index=0,
        count=1,
        inputs=specs,
        outputs=(),
        arguments=(),
        weights=(),
        macs=None,
        group=None,
        operation=operation,
        weights_known=False,
    )
    edges = []
    for index, (tensor, spec) in enumerate(zip(evidence.tensors, specs, strict=True)):
        source = evidence.call_of(tensor)
        if source is not None:
            outputs = graph.call_by_id[source].outputs
            place = next((i for i, each in enumerate(outputs) if each.shape == spec.shape), 0)
            edges.append(Edge(source, place, FAILING, index, spec))
    # The tensors that lead into the failing call are not the outputs of anything yet.
    whole = replace(graph, calls=(*graph.calls, call), edges=(*graph.edges, *edges), outputs=())
    return whole, (FAILING,)


def _graph_of_model(evidence: Evidence) -> Graph | None:
    made = evidence.came_through(_MODEL)
    outputs = list(tensors_in(made.values.get("outputs"))) if made is not None else []
    if not outputs and evidence.training is None:
        return None
    try:
        return read_graph(outputs or evidence.training.operation)  # type: ignore[union-attr]
    except Exception:  # not every model can be read; the finding stands without a picture
        return None
