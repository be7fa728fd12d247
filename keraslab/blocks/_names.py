"""Names of blocks and of their parts: what may be in them, and how free ones are found."""

import re
from typing import Any

import keras

SEPARATOR = "__"
_ALLOWED = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9-])?")


def check_name(name: Any, argument: str) -> str:
    """Return `name` if it works as (a piece of) a layer name on every Keras backend.

    Args:
        name: The proposed name.
        argument: How the error message calls it, such as `"Residual(name=...)"`.

    Raises:
        ValueError: If the name holds a character that a backend refuses, or the
            separator `__`, which marks where one block's name ends.

    Example:
        >>> check_name("conv1", "use(part_name=...)")
        'conv1'
        >>> check_name("conv/1", "use(part_name=...)")
        Traceback (most recent call last):
        ...
        ValueError: use(part_name=...): a name may hold letters a-z, digits, '-' and single '_', \
and starts and ends with none of '_'. Received: 'conv/1'. Try: 'conv_1'.
    """
    if isinstance(name, str) and SEPARATOR not in name and _ALLOWED.fullmatch(name):
        return name
    hint = re.sub(r"[^A-Za-z0-9-]+", "_", str(name)).strip("_-")
    raise ValueError(
        f"{argument}: a name may hold letters a-z, digits, '-' and single '_', "
        f"and starts and ends with none of '_'. Received: {name!r}."
        + (f" Try: {hint!r}." if hint else "")
    )


def snake_case(class_name: str) -> str:
    """Return a class name in the form Keras gives its layers: `MyTower` -> `my_tower`."""
    name = re.sub(r"[^A-Za-z0-9_]", "", class_name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
    return re.sub(r"_+", "_", name).strip("_") or "block"


def auto_name(base: str) -> str:
    """Return `base`, or `base_1`, `base_2`, ... where it was given out already.

    Keras' own counter is asked, so a block never takes a name that Keras gave to a
    layer, and names repeat exactly where that counter is reset.
    """
    count = keras.backend.get_uid(base)
    return base if count == 1 else f"{base}_{count - 1}"


def other_name(name: str) -> str:
    """Return a name made from `name` that differs from it: `tower` -> `tower_1`."""
    other = auto_name(name)
    return other if other != name else auto_name(name)
