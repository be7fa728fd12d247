"""A finding as a note of the exception, for scripts and tests."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from keraslab.debug._diagnose import diagnose


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Add what is found about an exception to it, as a note under its traceback.

    The exception goes on as it is; pytest and Python print the note with it.

    Example:
        >>> import keras
        >>> try:
        ...     with explained():
        ...         keras.layers.Add()([keras.Input((8,)), keras.Input((4,))])
        ... except ValueError as error:
        ...     print(error.__notes__[0].split(":")[0].strip())
        KL206 merge-of-other-widths
    """
    try:
        yield
    except Exception as error:
        finding = diagnose(error)
        if finding is not None:
            error.add_note(f"\n{finding.text()}")
        raise
