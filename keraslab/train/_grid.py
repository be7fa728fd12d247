"""Variants from a grid: a build function with every combination of some settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

from keraslab.train._given_lists import MOST, check_names, choices


class GridVariant:
    """A build function at one point of a grid: called without arguments, it builds.

    Args:
        build: The build function.
        settings: Its arguments.
        name: What the variant is called.
    """

    def __init__(self, build: Callable[..., Any], settings: Mapping[str, Any], name: str) -> None:
        self.build = build
        self.settings = dict(settings)
        self.__name__ = name

    def __call__(self) -> Any:
        return self.build(**self.settings)

    def __repr__(self) -> str:
        return f"<{getattr(self.build, '__name__', type(self.build).__name__)} {self.__name__}>"


def grid(build: Callable[..., Any], /, **lists: Any) -> dict[str, Callable[[], Any]]:
    """Variants for ``compare``: a build function with every combination of some settings.

    Args:
        build: A function that returns a compiled model.
        **lists: For a parameter of it the values to try: a list, a dict of named values,
            ``(low, high)`` or ``(low, high, step)`` for whole numbers, both ends included, or
            True for both False and True. These are the short forms of ``explore``'s controls.

    Returns:
        A function without arguments for each combination, by a name such as
        ``"depth=2 skip=True"``. Its ``settings`` are the arguments.

    Raises:
        TypeError: if ``build`` has no such parameter, or a list is none.
        ValueError: if a list is empty or endless, or there are more than 256 combinations.

    Example:
        >>> import keras
        >>> def build(units, skip):
        ...     x = keras.Input((8,))
        ...     y = keras.layers.Dense(units)(x)
        ...     return keras.Model(x, keras.layers.Concatenate()([x, y]) if skip else y)
        >>> variants = grid(build, units=[2, 4], skip=True)
        >>> list(variants)
        ['units=2 skip=False', 'units=2 skip=True', 'units=4 skip=False', 'units=4 skip=True']
        >>> variants["units=4 skip=True"]().output_shape
        (None, 12)
    """
    name = check_names(build, lists, "grid")
    if not lists:
        raise ValueError(
            f"grid({name}) needs a list of values for at least one parameter, such as "
            "depth=[2, 4, 8]."
        )
    of = {key: choices(key, given) for key, given in lists.items()}
    count = math.prod(map(len, of.values()))
    if count > MOST:
        sizes = " x ".join(str(len(values)) for values in of.values())
        raise ValueError(
            f"grid({name}, ...) has {sizes} = {count:,} combinations, and each is trained; "
            f"{MOST} are the most. Shorten the lists, or make several comparisons."
        )
    found: dict[str, Callable[[], Any]] = {}
    for labels in product(*of.values()):
        said = " ".join(f"{key}={label}" for key, label in zip(of, labels, strict=True))
        settings = {key: of[key][label] for key, label in zip(of, labels, strict=True)}
        found[said] = GridVariant(build, settings, said)
    return found
