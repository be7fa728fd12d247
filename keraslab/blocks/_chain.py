"""Blocks and layers one after the other."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_part
from keraslab.blocks._names import check_name, snake_case


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
        if not isinstance(self.steps, (list, tuple, Mapping)) or not self.steps:
            raise ValueError(
                f"Chain(steps=...): must be a list or dict with a step or more, such as "
                f"[ConvNorm(8), Residual(8)]. Received: {self.steps!r}."
            )
        for step_name, step in self._named().items():
            check_name(step_name, f"Chain(steps={{{step_name!r}: ...}})")
            if not callable(step) or isinstance(step, (type, keras.KerasTensor)):
                check_part(step, f"Chain(steps=...), step {step_name!r}")

    def wire(self, x: Any) -> Any:
        """Connect each step to the one before."""
        for step_name, step in self._named().items():
            x = self.use(step_name, step)(x)
        return x

    def _named(self) -> dict[str, Any]:
        if isinstance(self.steps, Mapping):
            return dict(self.steps)
        counted: Counter[str] = Counter()
        named = {}
        for step in self.steps:
            kind = snake_case(getattr(step, "__name__", type(step).__name__)).strip("_<>")
            counted[kind] += 1
            named[f"{kind}{counted[kind]}"] = step
        return named
