"""Which activation is really applied last before an output."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import keras

from keraslab.graph import Call, Edge, Graph

RANGES: Mapping[str, tuple[float, float]] = {
    "softmax": (0.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, math.inf),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, math.inf),
    "exponential": (0.0, math.inf),
    "log_softmax": (-math.inf, 0.0),
    "log_sigmoid": (-math.inf, 0.0),
}
"""The values an activation can give; those not listed give any, or nearly any."""

_KEEPING = (
    "Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D GaussianDropout AlphaDropout "
    "GaussianNoise ActivityRegularization Identity Reshape Flatten Permute RepeatVector Masking "
    "Cropping1D Cropping2D Cropping3D UpSampling1D UpSampling2D UpSampling3D AveragePooling1D "
    "AveragePooling2D AveragePooling3D GlobalAveragePooling1D GlobalAveragePooling2D "
    "GlobalAveragePooling3D MaxPooling1D MaxPooling2D MaxPooling3D GlobalMaxPooling1D "
    "GlobalMaxPooling2D GlobalMaxPooling3D Resizing Cast Squeeze ExpandDims Transpose "
    "GetItem"
)
_KEEP_VALUES = frozenset(_KEEPING.split())
"""Layers and operations whose values lie where those of their input lie."""
_FREEING = (
    "BatchNormalization LayerNormalization GroupNormalization UnitNormalization Normalization "
    "Embedding MultiHeadAttention GroupQueryAttention Matmul Einsum PReLU"
)
_ANY_VALUES = frozenset(_FREEING.split())
_SUMS = frozenset({"Add", "Subtract", "Average", "Rescaling"})
_RENAMED = {"softmax_v2": "softmax", "Relu": "relu", "LeakyReLU": "leaky_relu", "ELU": "elu"}
_OPERATIONS = {
    "Softmax": "softmax", "LogSoftmax": "log_softmax", "Sigmoid": "sigmoid", "Tanh": "tanh",
    "Relu": "relu", "Relu6": "relu6", "Softplus": "softplus", "Exp": "exponential",
    "HardSigmoid": "hard_sigmoid", "HardTanh": "hard_tanh", "Softsign": "softsign",
    "LogSigmoid": "log_sigmoid", "Elu": "elu", "Selu": "selu", "Gelu": "gelu", "Silu": "silu",
    "LeakyRelu": "leaky_relu", "Mish": "mish", "Celu": "celu",
}  # fmt: skip


class Activated(NamedTuple):
    """An activation and where it is applied."""

    name: str | None
    """``"softmax"``, ``"linear"`` for none at all; None where it is not known."""
    call: str
    """The call that applies it."""


def activation_before(
    graph: Graph, edges_into: Mapping[str, Sequence[Edge]], call_id: str, depth: int = 40
) -> Activated:
    """The activation that decides which values an output can take.

    Args:
        graph: The model as data.
        edges_into: For each call, the edges that arrive.
        call_id: The call that gives the output.
        depth: How many calls to go back at most.
    """
    call = graph.call_by_id[call_id]
    before = [edge.source for edge in edges_into[call_id]]
    if depth == 0 or call.kind == "input" or not _is_keras(call.operation):
        return Activated(None, call_id)
    own = _own_activation(call)
    if own != "linear" or (call.type != "Activation" and call.type not in _KEEP_VALUES):
        if own is not None:
            return Activated(own, call_id)
        if call.type in _ANY_VALUES:
            return Activated("linear", call_id)
    found = [activation_before(graph, edges_into, source, depth - 1) for source in before]
    names = {each.name for each in found}
    if len(names) != 1 or None in names:
        return Activated(None, call_id)
    name = names.pop()
    if call.type in _KEEP_VALUES or call.type == "Activation":
        return _kept(graph, call, found[0])
    if call.type in _SUMS and name == "linear":
        return Activated("linear", call_id)
    if call.type == "Concatenate" and name != "softmax":
        return Activated(name, found[0].call)
    return Activated(None, call_id)


def _kept(graph: Graph, call: Call, before: Activated) -> Activated:
    """A softmax sums to one over its last axis only while that axis stays."""
    if before.name == "softmax":
        made = graph.call_by_id[before.call].outputs[0].shape
        if not made or call.outputs[0].shape[-1:] != made[-1:]:
            return Activated(None, call.id)
    return before


def _own_activation(call: Call) -> str | None:
    """The activation a call itself applies, "linear" for none; None where that is no question."""
    operation = call.operation
    if call.kind == "operation":
        return "linear" if call.type in _KEEP_VALUES else _OPERATIONS.get(call.type)
    if isinstance(operation, keras.layers.Softmax):
        axis = operation.axis
        rank = len(call.outputs[0].shape)
        return "softmax" if axis in (-1, rank - 1, [-1], [rank - 1]) else "softmax_elsewhere"
    if isinstance(operation, keras.layers.ReLU):
        if operation.negative_slope:
            return "leaky_relu"
        return "relu" if operation.max_value is None else "relu_with_limit"
    if isinstance(operation, (keras.layers.LeakyReLU, keras.layers.ELU)):
        return _RENAMED[call.type]
    if hasattr(operation, "activation"):
        return activation_name(operation.activation) or "unknown"
    return "linear" if call.type in _KEEP_VALUES else None


def softmax_of_one(call: Call) -> bool:
    """Whether a call itself applies a softmax over an axis of size one."""
    if call.kind == "input" or not call.outputs or not _is_keras(call.operation):
        return False
    shape = call.outputs[0].shape
    axis = getattr(call.operation, "axis", -1)
    if call.type == "Softmax" and isinstance(axis, int) and -len(shape) <= axis < len(shape):
        return len(shape) > 1 and shape[axis] == 1
    if hasattr(call.operation, "recurrent_activation"):
        return False
    return len(shape) > 1 and shape[-1] == 1 and _own_activation(call) == "softmax"


def activation_name(function: Any) -> str | None:
    """What Keras calls an activation; None for one of someone's own.

    Args:
        function: A function, a layer, or None for no activation.
    """
    if function is None:
        return "linear"
    if isinstance(function, keras.layers.Softmax):
        return "softmax"
    if isinstance(function, keras.layers.ReLU):
        return "relu"
    name = str(getattr(function, "__name__", ""))
    name = _RENAMED.get(name, name)
    module = str(getattr(function, "__module__", ""))
    for holder in (keras.activations, keras.ops):
        if getattr(holder, name, None) is function:
            return name
    return name if module.startswith("tensorflow.") and hasattr(keras.activations, name) else None


def _is_keras(operation: Any) -> bool:
    return type(operation).__module__.split(".")[0] == "keras"
