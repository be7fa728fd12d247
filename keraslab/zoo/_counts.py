"""Checks that functions with many sizes make on all of them at once."""

from collections.abc import Sequence

from keraslab.blocks._checks import check_count


def check_counts(caller: str, **settings: int) -> None:
    """Raise unless every setting is a whole number of 1 or more.

    Args:
        caller: Name of the function, for the error message.
        **settings: By the names of its arguments.

    Raises:
        ValueError: If one is none.
    """
    for setting, value in settings.items():
        check_count(value, f"{caller}({setting}=...)")


def check_lists(caller: str, **settings: Sequence[int]) -> None:
    """Raise unless every setting is a list of one or more whole numbers of 1 or more.

    Args:
        caller: Name of the function, for the error message.
        **settings: By the names of its arguments.

    Raises:
        ValueError: If one is none.
    """
    for setting, values in settings.items():
        where = f"{caller}({setting}=...)"
        if not isinstance(values, (list, tuple)) or not values:
            raise ValueError(
                f"{where}: must be a list of one or more, such as (16, 32). Received: {values!r}."
            )
        for value in values:
            check_count(value, where)
