"""What rules ask about a call: its kind, its settings, what stands before and after it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from keraslab.debug._activations import activation_name
from keraslab.debug._subject import Subject
from keraslab.graph import Call, Graph, keras_internals

DROPOUTS = frozenset({
    "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout",
    "AlphaDropout", "GaussianNoise",
})  # fmt: skip
FLATTENING = frozenset({"Flatten", "Reshape"})
IDLE = DROPOUTS | {"Identity", "ActivityRegularization", "Cast"}
"""They pass on what they are given, or a version of it with noise."""
CONVOLUTIONS = frozenset({"BaseConv", "BaseSeparableConv", "BaseConvTranspose"})
NORMS = frozenset({
    "BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization",
    "UnitNormalization",
})  # fmt: skip
ACTIVATIONS = frozenset({
    "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax",
})  # fmt: skip
ACTIVATION_OPERATIONS = frozenset({
    "Relu", "Relu6", "Sigmoid", "Tanh", "Softmax", "LogSoftmax", "Gelu", "Elu", "Selu", "Silu",
    "LeakyRelu", "Softplus", "Softsign", "HardSigmoid", "HardSilu", "HardTanh", "Mish", "Celu",
    "Glu", "Exp", "LogSigmoid", "Softmin", "Swish",
})  # fmt: skip


@lru_cache(maxsize=1024)
def _keras_names(kind: type) -> frozenset[str]:
    found = [k.__name__ for k in kind.__mro__ if k.__module__.split(".")[0] == "keras"]
    return frozenset(found)


def is_layer(call: Call, *names: str) -> bool:
    """Whether a call is of one of these layers of Keras, or of one derived from it."""
    kind: Any = type(call.operation)
    return call.kind == "layer" and not _keras_names(kind).isdisjoint(names)


def is_keras(call: Call) -> bool:
    """Whether what is called is part of Keras itself, and not of someone's own."""
    return type(call.operation).__module__.split(".")[0] == "keras"


def is_operation(call: Call, *names: str) -> bool:
    """Whether a call is of one of these operations of ``keras.ops``."""
    return call.kind == "operation" and call.type in names


def is_merge(call: Call, *names: str) -> bool:
    """Whether a call is of a merging layer, or the operation, of one of these names."""
    return call.type in names and is_keras(call)


def is_activation(call: Call) -> bool:
    """Whether a call applies an activation and nothing else."""
    if call.kind == "operation":
        return call.type in ACTIVATION_OPERATIONS
    return is_layer(call, *ACTIVATIONS)


def own_activation(call: Call) -> str | None:
    """The name of the activation in a layer: ``"linear"`` for none, None where not known."""
    return activation_name(getattr(call.operation, "activation", None))


def constants(call: Call) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The positional and keyword arguments of a call; empty where they are not recorded."""
    if call.node is None or call.kind == "input":
        return (), {}
    return keras_internals.arguments_of(call.node)


def width(call: Call, output: int = 0) -> int | None:
    """The size of the last axis of what a call gives."""
    shape = call.outputs[output].shape if call.outputs else ()
    return shape[-1] if shape else None


def values(shape: tuple[int | None, ...]) -> int | None:
    """How many numbers a tensor holds for one sample; None where a size is unknown."""
    sizes = shape[1:]
    return None if None in sizes else math.prod([size for size in sizes if size is not None])


def before(subject: Subject, call: Call) -> Call | None:
    """The one call whose tensor a call takes; None where there are more, or none."""
    found = subject.calls_before(call.id)
    return found[0] if len(found) == 1 else None


def next_learned(subject: Subject, call: Call, passing: frozenset[str]) -> tuple[Call, ...]:
    """The calls after this one, up to the first that is not a layer of these kinds.

    Empty where the way forks, or reaches an output of the model.
    """
    found: list[Call] = []
    step = subject.only_after(call.id)
    while step is not None:
        found.append(step)
        if len(subject.edges_into[step.id]) > 1 or not is_layer(step, *passing):
            return tuple(found)
        step = subject.only_after(step.id)
    return ()


def models_around(graph: Graph, call: Call) -> tuple[str, ...]:
    """The nested models and opened layers that a call lies in, the innermost first."""
    found = []
    group = call.group
    while group is not None:
        one = graph.group_by_id[group]
        if one.kind == "model":
            found.append(one.id)
        group = one.parent
    return tuple(found)


def operations(graph: Graph) -> Iterator[tuple[Any, Call]]:
    """Every layer and operation once, with its first call."""
    seen: set[str] = set()
    for call in graph.calls:
        if call.layer not in seen:
            seen.add(call.layer)
            yield call.operation, call


def listed(names: list[str], most: int = 4) -> str:
    """Names in a sentence: ``'a', 'b' and 2 more``."""
    shown = [repr(name) for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
