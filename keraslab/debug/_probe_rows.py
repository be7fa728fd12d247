"""The numbers of a probe: a row for each call, and one for each weight."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProbeWeight:
    """One weight that training changes, and the gradient of the loss that reaches it."""

    name: str
    norm: float
    """The Euclidean norm of its values."""
    gradient: float | None
    """The Euclidean norm of the gradient; 0 where none arrives, None where none was taken."""


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """What one call gave on the batch, and what came back to it."""

    call: str
    """The call's id in the graph."""
    name: str
    type: str
    shape: str
    """The shape of its first output, such as ``? × 28 × 28``."""
    depth: int
    """How many layers with weights the longest way from an input to here has."""
    mean: float | None
    """Of the values of its first output, as are the numbers that follow; None where they
    were not seen."""
    std: float | None
    min: float | None
    max: float | None
    zeros: float | None
    """The share of values that are exactly 0."""
    units: int | None
    """How many units (channels) of a ReLU there are; None for anything else."""
    dead: int | None
    """How many of these are 0 for every sample of the batch."""
    saturated: float | None
    """The share of values near the ends of sigmoid or tanh, where the slope is a hundredth of
    its largest; for softmax the share of rows in which one entry is above 0.99."""
    nonfinite: int | None
    """How many values are infinite or not a number."""
    gradient: float | None
    """How much the loss of one sample changes with this output: the norm of that gradient, as
    root mean square over the samples. 0 where none arrives, None where none was taken."""
    weights: tuple[ProbeWeight, ...]
    """The layer's weights that training changes; those of a shared layer stand in each call."""

    @property
    def weight_norm(self) -> float | None:
        """The norm of all these weights together; None without any."""
        return _together([weight.norm for weight in self.weights])

    @property
    def weight_gradient(self) -> float | None:
        """The norm of the gradient for all these weights together; None without one."""
        return _together([weight.gradient for weight in self.weights])

    @property
    def ratio(self) -> float | None:
        """The gradient's norm relative to the weights' own."""
        norm, gradient = self.weight_norm, self.weight_gradient
        return None if gradient is None or not norm else gradient / norm

    @property
    def dead_share(self) -> float | None:
        """The share of dead units."""
        return self.dead / self.units if self.units and self.dead is not None else None


def _together(norms: list[float | None]) -> float | None:
    known = [norm for norm in norms if norm is not None]
    if not known or len(known) < len(norms):
        return None
    largest = max(known)
    if not 0 < largest < float("inf"):
        return float(sum(known))
    return float(largest * sum((norm / largest) ** 2 for norm in known) ** 0.5)
