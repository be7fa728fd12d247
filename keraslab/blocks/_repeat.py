"""The same block several times over, each with weights of its own."""

from dataclasses import dataclass, field
from typing import Any

import keras

from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_count, check_part
from keraslab.blocks._names import snake_case


def _like(layer_class: Any, config: dict[str, Any], *, name: str) -> Any:
    return layer_class.from_config({**config, "name": name})


@dataclass(eq=False, repr=False)
class Repeat(Block):
    """Copies of one block in a row, each with weights of its own.

    The block itself serves as the pattern only: it is never wired, and its copies are called
    `repeat__residual1`, `repeat__residual2`, ... To apply one block several times with the same
    weights, call it several times.

    Args:
        block: A block, layer or model.
        times: How many copies, 1 or more.
        name: See `Block`.

    Raises:
        TypeError: If `block` is none.
        ValueError: If `times` is below 1.

    Example:
        >>> import keras
        >>> from keraslab.blocks import Residual
        >>> tower = Repeat(Residual(16), 3)
        >>> tower(keras.Input((8, 8, 16))).shape
        (None, 8, 8, 16)
        >>> list(tower.parts)
        ['residual1', 'residual2', 'residual3']
    """

    block: Any
    times: int
    _copies: list[Any] = field(init=False, repr=False, default_factory=list)
    _pattern_name: str | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_part(self.block, "Repeat(block=...)")
        check_count(self.times, "Repeat(times=...)")
        if isinstance(self.block, Block):
            self._pattern_name = self.block._given_name
            self._copies = [self.block.copy() for _ in range(self.times)]
            for block in self._copies:  # named after its place, see `wire`
                block.name = None

    def wire(self, x: Any) -> Any:
        """Connect the copies one after the other."""
        kind = snake_case(type(self.block).__name__)
        leaf = kind if isinstance(self.block, keras.Layer) else self._pattern_name or kind
        for i in range(self.times):
            if isinstance(self.block, keras.Layer):
                config = self.block.get_config()
                step = self.use(f"{leaf}{i + 1}", _like, type(self.block), config)
            else:
                step = self.use(f"{leaf}{i + 1}", self._copies[i])
            x = step(x)
        return x
