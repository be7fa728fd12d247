"""A model as read-only data: calls, edges, groups, costs; building it without weights."""

from keraslab.graph import keras_internals
from keraslab.graph._check import ModelError
from keraslab.graph._data import Call, Edge, Graph, Group, Port, TensorSpec, Weight
from keraslab.graph._read import read_graph
from keraslab.graph._scope import SkeletonError
from keraslab.graph._skeleton import build_skeleton, is_skeleton, materialize, skeleton
from keraslab.graph._summary import Summary, summary
from keraslab.graph.keras_internals import ThreadState, capture_thread_state

__all__ = [
    "Call",
    "Edge",
    "Graph",
    "Group",
    "ModelError",
    "Port",
    "SkeletonError",
    "Summary",
    "TensorSpec",
    "ThreadState",
    "Weight",
    "build_skeleton",
    "capture_thread_state",
    "is_skeleton",
    "keras_internals",
    "materialize",
    "read_graph",
    "skeleton",
    "summary",
]
