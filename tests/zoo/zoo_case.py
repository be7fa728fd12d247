"""What the contract test needs to know of one architecture with small settings."""

from dataclasses import dataclass
from typing import Any


class Tokens(tuple):
    """The shape of an input of whole numbers from 0 to `high - 1`, such as `Tokens((7,), 11)`."""

    def __new__(cls, shape, high):
        made = super().__new__(cls, shape)
        made.high = high
        return made


@dataclass
class ZooCase:
    """One architecture with small settings.

    `shapes` and `output` are nested as the model's inputs and outputs are (a tuple, or a list or
    dict of tuples, without the batch). Where the function returns several models, `part` names
    the one that is trained and `shapes` are its own.
    """

    make: Any
    shapes: Any
    output: Any
    params: int | None = None  # as published, or worked out by hand; None where neither is
    part: str | None = None
    other: Any = None  # shapes of another size that the model takes too
    still: tuple[str, ...] = ()  # ends of paths of weights that the mathematics give no gradient
    slow: bool = False  # left to `make test-full`
