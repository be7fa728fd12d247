"""A model as read-only data: calls, edges, groups, costs; building it without weights."""

from keraslab.graph import keras_internals
from keraslab.graph._check import ModelError
from keraslab.graph._code import Code, CodeError, to_code
from keraslab.graph._costs import Costs
from keraslab.graph._data import Call, CodeLine, Edge, Graph, Group, Port, TensorSpec, Weight
from keraslab.graph._declared import Cost, CostError, cost_of
from keraslab.graph._diff import CallChange, Difference, GraphDiff, Total, diff
from keraslab.graph._lines import line_of, record_lines
from keraslab.graph._read import read_graph
from keraslab.graph._scope import SkeletonError
from keraslab.graph._skeleton import build_skeleton, is_skeleton, materialize, skeleton
from keraslab.graph._summary import Summary, summary
from keraslab.graph._what_if import what_if
from keraslab.graph.keras_internals import ThreadState, capture_thread_state

__all__ = [
    "Call",
    "CallChange",
    "Code",
    "CodeError",
    "CodeLine",
    "Cost",
    "CostError",
    "Costs",
    "Difference",
    "Edge",
    "Graph",
    "GraphDiff",
    "Group",
    "ModelError",
    "Port",
    "SkeletonError",
    "Summary",
    "TensorSpec",
    "ThreadState",
    "Total",
    "Weight",
    "build_skeleton",
    "capture_thread_state",
    "cost_of",
    "diff",
    "is_skeleton",
    "keras_internals",
    "line_of",
    "materialize",
    "read_graph",
    "record_lines",
    "skeleton",
    "summary",
    "to_code",
    "what_if",
]
