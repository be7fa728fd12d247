"""Names in sentences, and the name that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


def listed(names: Iterable[object], most: int = 6) -> str:
    """Names as a sentence has them: ``'a', 'b' and 'c'``."""
    words = [repr(str(name)) for name in names]
    if len(words) > most:
        words = [*words[:most], f"{len(words) - most} more"]
    if len(words) < 2:
        return words[0] if words else "none"
    return f"{', '.join(words[:-1])} and {words[-1]}"


def closest(name: str, names: Sequence[str]) -> str | None:
    """The name most like another; None where none is near."""
    for each in names:
        if each.lower() == name.lower():
            return each
    found = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return found[0] if found else None


def count(number: int, word: str) -> str:
    """A number with its word: ``1 input``, ``2 inputs``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
