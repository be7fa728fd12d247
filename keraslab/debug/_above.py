"""What lies above a tensor: the layers that lead to it, and which of them took axes away."""

from __future__ import annotations

from typing import Any

from keras import layers

from keraslab.debug import _rewire as rewire
from keraslab.debug._evidence import Evidence, maker_of, shape_text
from keraslab.debug._finding import Cause

KINDS = {
    1: "a number",
    2: "a vector",
    3: "a sequence",
    4: "an image",
    5: "a sequence of images or a volume",
}
POOLING = {3: "GlobalAveragePooling1D", 4: "GlobalAveragePooling2D", 5: "GlobalAveragePooling3D"}


def positions(tensor: Any, operation: Any) -> tuple[int | None, ...]:
    """The sizes of a tensor between the batch and the channels."""
    if getattr(operation, "data_format", None) == "channels_first":
        return tuple(tensor.shape[2:])
    return tuple(tensor.shape[1:-1])


def line_of(evidence: Evidence, tensor: Any) -> list[tuple[Any, Any, Any]]:
    """The layers above a tensor along its first inputs: each with what it takes and gives."""
    found: list[tuple[Any, Any, Any]] = []
    while (maker := maker_of(tensor)) is not None and len(found) < 2000:
        given = evidence.inputs_of(maker, tensor)
        if not given:
            break
        found.append((maker, given[0], tensor))
        tensor = given[0]
    return found


def wanted_rank(operation: Any) -> int | None:
    """How many axes a layer takes, the batch among them; None where it takes several."""
    spec = getattr(operation, "input_spec", None)
    if isinstance(operation, layers.Layer) and hasattr(operation, "kernel_size"):
        return len(operation.kernel_size) + 2 if isinstance(operation.kernel_size, tuple) else None
    if spec is None or isinstance(spec, (list, tuple)):
        return None
    rank: int | None = spec.ndim or spec.min_ndim
    return rank


def dropper(evidence: Evidence, tensor: Any, wanted: int) -> tuple[Any, Any, Any] | None:
    """The layer above that took axes away, with what it took and what it gave."""
    made = tensor
    while (maker := maker_of(made)) is not None:
        given = evidence.inputs_of(maker, made)
        if len(given) != 1:
            return None
        if len(given[0].shape) > len(made.shape):
            return (maker, given[0], made) if len(given[0].shape) >= wanted else None
        if not (rewire.passes_on(maker) or isinstance(maker, layers.Dense)):
            return None
        made = given[0]
    return None


def cause_of(evidence: Evidence, tensor: Any, wanted: int) -> Cause | None:
    """The layer that made the tensor what it is."""
    lost = dropper(evidence, tensor, wanted)
    if lost is not None and len(tensor.shape) < wanted:
        maker, given, made = lost
        return evidence.cause(
            maker, f"{maker.name!r} makes {shape_text(made.shape)} of {shape_text(given.shape)}"
        )
    maker = rewire.line_above(tensor) or maker_of(tensor)
    if maker is None:
        return None
    gives = "is" if isinstance(maker, layers.InputLayer) else "gives"
    noun = "the input " if isinstance(maker, layers.InputLayer) else ""
    return evidence.cause(maker, f"{noun}{maker.name!r} {gives} {shape_text(tensor.shape)}")
