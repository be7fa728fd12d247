"""What the rules for merges share."""

from __future__ import annotations

from typing import Any

from keras import layers

from keraslab.debug import _rewire as rewire
from keraslab.debug._evidence import Evidence, maker_of, shape_text
from keraslab.debug._finding import Cause, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._replay import Replay

JOINING = (
    "layers.merging.concatenate:Concatenate.*",
    "ops.numpy:Concatenate.*",
    "ops.numpy:Stack.*",
)
COMBINING = (
    "layers.merging.base_merge:Merge.*",
    "ops.operation_utils:broadcast_shapes",
)
CONVOLUTION = {3: "Conv1D", 4: "Conv2D", 5: "Conv3D"}


def from_maker(evidence: Evidence, tensor: Any) -> Cause | None:
    """What gives a tensor its shape, where nothing else is known."""
    maker = rewire.line_above(tensor) or maker_of(tensor)
    if maker is None:
        return None
    verb = "is" if isinstance(maker, layers.InputLayer) else "gives"
    return evidence.cause(maker, f"{maker.name!r} {verb} {shape_text(tensor.shape)}")


def from_whom(evidence: Evidence, tensor: Any) -> str | None:
    """The layer that made a tensor as wide as it is; None where its name in sentences says it."""
    maker = rewire.line_above(tensor, _keeps) or maker_of(tensor)
    said = evidence.says(tensor)
    return None if maker is None or repr(maker.name) in said else str(maker.name)


def _keeps(operation: Any) -> bool:
    kind = type(operation).__name__
    return rewire.passes_on(operation) or kind.endswith("Normalization")


def told(evidence: Evidence, tensor: Any) -> str:
    """What to call a tensor; of a parameter of a function, the layer that made it as well."""
    said, maker, replay = evidence.says(tensor), from_whom(evidence, tensor), Replay.of(evidence)
    own = replay is not None and said in replay.parameters
    return f"{said} (from {maker!r})" if own and maker is not None else said


def made_by(evidence: Evidence, operation: Any, tensor: Any) -> Any | None:
    """What an operation above a tensor made on the way to it."""
    waiting = [tensor]
    seen = set()
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        maker = maker_of(each)
        if maker is operation:
            return each
        if maker is not None:
            waiting += evidence.inputs_of(maker, each)
    return None


def replacing(
    mender: Mender, title: str, tensor: Any, layer: str, args: str, make: Any
) -> Fix | None:
    def work(*stands: Any) -> Any:
        made = [
            make()(stand) if each is tensor else stand
            for each, stand in zip(mender.evidence.tensors, stands, strict=True)
        ]
        return mender.trial.again(*made)

    return mender.around(title, [(tensor, mender.layer(layer, args))], work)


def joins(operation: Any) -> bool:
    return type(operation).__name__ in ("Concatenate", "Stack")


def same_rank(tensors: tuple[Any, ...]) -> bool:
    return len(tensors) > 1 and len({len(tensor.shape) for tensor in tensors}) == 1


def differing(tensors: tuple[Any, ...], operation: Any = None) -> list[int]:
    """The axes on which the known sizes of tensors of one rank differ.

    Element by element, a size of 1 goes with any other.
    """
    fits = {None} if operation is None or joins(operation) else {None, 1}
    columns = zip(*[tensor.shape for tensor in tensors], strict=True)
    return [axis for axis, sizes in enumerate(columns) if len(set(sizes) - fits) > 1]
