"""Between which layers the fading of a gradient is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keraslab.debug._probe_rows import ProbeRow
from keraslab.debug._probe_stats import bends
from keraslab.graph import Graph

if TYPE_CHECKING:
    from keraslab.debug._probe import Probe


def measured_rows(probe: Probe) -> list[ProbeRow]:
    """The layers with weights at which the gradient can be compared, in the order of the graph.

    Args:
        probe: What was measured.
    """
    rows = [row for row in probe.rows if row.weights and row.gradient is not None]
    ends = set() if probe.graph is None else _bent_ends(probe.graph)
    return [row for row in rows if row.call not in ends]


def _bent_ends(graph: Graph) -> set[str]:
    """The calls that apply a softmax, sigmoid or tanh after which no layer has weights.

    The gradient with respect to a probability is as large as one through the probability, and
    nothing of the slope of the curve is in it: of the same size for each depth it is not.
    """
    after: dict[str, list[str]] = {}
    for edge in graph.edges:
        after.setdefault(edge.source, []).append(edge.target)
    inner: set[str] = set()
    """Calls that some layer with weights comes after."""
    for call in reversed(graph.calls):
        if any(c in inner or graph.call_by_id[c].weights for c in after.get(call.id, ())):
            inner.add(call.id)
    return {call.id for call in graph.calls if call.id not in inner and bends(call)}
