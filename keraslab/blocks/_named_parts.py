"""Blocks and layers handed in as a list or dict, by name."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import keras

from keraslab.blocks._checks import check_part
from keraslab.blocks._names import check_name, snake_case


def named_parts(
    given: Any, argument: str, example: str, reserved: Collection[str] = ()
) -> dict[str, Any]:
    """Return blocks and layers by name: a dict's own, or in a list their class, counted.

    Args:
        given: The list or dict received.
        argument: How an error message calls it, such as `"Branches(branches=...)"`.
        example: A value that works, for the error message.
        reserved: Names that parts of the block itself have.

    Raises:
        TypeError: If an entry is no block, layer, model, or function that makes one.
        ValueError: If there is no entry, or a name cannot be one or is reserved.
    """
    if not isinstance(given, (list, tuple, Mapping)) or not given:
        raise ValueError(
            f"{argument}: must be a list or dict with one or more, such as {example}. "
            f"Received: {given!r}."
        )
    named: dict[str, Any] = {}
    if isinstance(given, Mapping):
        named = dict(given)
    else:
        counted: Counter[str] = Counter()
        for part in given:
            kind = snake_case(getattr(part, "__name__", type(part).__name__)).strip("_<>")
            counted[kind] += 1
            named[f"{kind}{counted[kind]}"] = part
    for name, part in named.items():
        entry = f"{argument[:-4]}{{{name!r}: ...}})"
        check_name(name, entry)
        if name in reserved:
            raise ValueError(
                f"{entry}: the block has a part of its own called {name!r}. Give this one another "
                f"name, such as '{name}_1'."
            )
        if not callable(part) or isinstance(part, (type, keras.KerasTensor)):
            check_part(part, f"{argument}, {name!r}")
    return named
