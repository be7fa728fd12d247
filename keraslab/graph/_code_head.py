"""What stands above generated code: what it needs, and its imports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from keraslab.graph._code_layout import WIDTH


def needs_lines(needs: Mapping[str, str]) -> list[str]:
    """A comment that says what must be defined before the code runs."""
    return [
        "# To be defined before this code runs:",
        *[f"#   {name}: {what}" for name, what in sorted(needs.items())],
        "",
    ]


_STANDARD = ("import base64", "import functools", "import zlib")


def import_lines(lines: Iterable[str]) -> list[str]:
    """Imports in the order of the tools: the standard library first, modules before names."""
    merged: dict[str, set[str]] = defaultdict(set)
    plain = set()
    for line in lines:
        if line.startswith("from "):
            module, _, name = line.removeprefix("from ").partition(" import ")
            merged[module].add(name)
        else:
            plain.add(line)
    standard = sorted(line for line in plain if line in _STANDARD)
    others = sorted(plain - set(standard))
    named = []
    for module in sorted(merged):
        line = f"from {module} import {', '.join(sorted(merged[module]))}"
        if len(line) > WIDTH:
            line = "\n".join(
                [f"from {module} import (", *[f"    {n}," for n in sorted(merged[module])], ")"]
            )
        named.append(line)
    return [*standard, *([""] if standard else []), *others, *named]
