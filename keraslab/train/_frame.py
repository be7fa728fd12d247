"""A history as a table of pandas, which need not be installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def history_frame(history: Mapping[str, Sequence[Any]], owner: str) -> Any:
    """A column per value and a row per epoch; the caller names the rows.

    Args:
        history: As Keras keeps it.
        owner: The class whose history it is, for the error.

    Raises:
        ImportError: if pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            f"{owner}.to_frame() needs pandas (pip install pandas). {owner}.history holds the "
            "same numbers as a dict of lists."
        ) from error
    columns = {name: pandas.Series(each, dtype=object) for name, each in history.items()}
    return pandas.DataFrame(columns).infer_objects()
