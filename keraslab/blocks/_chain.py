"""Blocks and layers one after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keraslab.blocks._block import Block
from keraslab.blocks._named_parts import named_parts


@dataclass(eq=False, repr=False)
class Chain(Block):
    """Steps one after the other, each on what the one before it returns.

    A tower in one line: `Chain([ConvNorm(32), Repeat(Residual(32), 3)])`.

    Args:
        steps: Blocks, layers, models, or functions that take `name=` and return one, in a list
            or in a dict that names them. In a list they are named after their class and
            counted: `chain__residual1`. A layer or model handed in keeps its own name.
        name: See `Block`.

    Raises:
        TypeError: If a step is none of these.
        ValueError: If there are no steps.

    Example:
        >>> import keras
        >>> from keraslab.blocks import ConvNorm, Residual
        >>> tower = Chain([ConvNorm(8, stride=2), Residual(8), Residual(16, stride=2)])
        >>> tower(keras.Input((32, 32, 3))).shape
        (None, 8, 8, 16)
        >>> list(tower.parts)
        ['conv_norm1', 'residual1', 'residual2']
    """

    steps: Sequence[Any] | Mapping[str, Any]

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        self._named()

    def wire(self, x: Any) -> Any:
        """Connect each step to the one before."""
        for step_name, step in self._named().items():
            x = self.use(step_name, step)(x)
        return x

    def _named(self) -> dict[str, Any]:
        return named_parts(self.steps, "Chain(steps=...)", "[ConvNorm(8), Residual(8)]")
