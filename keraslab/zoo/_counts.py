"""A check that functions with many sizes make on all of them at once."""

from collections.abc import Sequence
from typing import Any

from keraslab.blocks._checks import check_count


def check_counts(caller: str, **settings: int | Sequence[int] | None) -> None:
    """Raise unless every setting is a whole number of 1 or more, or a list of such.

    Args:
        caller: Name of the function, for the error message.
        **settings: By the names of its arguments.

    Raises:
        ValueError: If one is none.
    """
    for setting, value in settings.items():
        where = f"{caller}({setting}=...)"
        many: Sequence[Any] = value if isinstance(value, (list, tuple)) else [value]
        if not many:
            raise ValueError(f"{where}: must be one or more. Received: (). Try: (16, 32).")
        for each in many:
            check_count(each, where)
