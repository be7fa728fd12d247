"""The texts that a function was written in, for a process that has not got them."""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import Any

LARGEST = 64_000
"""Letters of all texts; they go along with each run."""
_MOST = 2_000


def texts_of(given: Any) -> dict[str, str]:
    """The cells, or the script, that a function and what it uses stand in, by their files' names.

    A module has its file wherever it can be imported; a cell is nowhere but in this process.

    Args:
        given: The function, or an object that can be called.

    Returns:
        Nothing where they are too long together: what is found about a failure then says less.
    """
    found: dict[str, str] = {}
    for name in _files(given):
        if name not in found:
            found[name] = "".join(linecache.getlines(name))
    found = {name: text for name, text in found.items() if text}
    return found if sum(map(len, found.values())) <= LARGEST else {}


def know_texts(texts: Mapping[str, str]) -> None:
    """Let this process read them as if they were files; those that are there stay as they are.

    Args:
        texts: What ``texts_of`` gave.
    """
    for name, text in texts.items():
        if not os.path.exists(name):
            # Without a time of its making, so that nobody asks the disk whether it has changed.
            linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)


def _files(given: Any) -> Iterator[str]:
    waiting, seen = [given], set[int]()
    while waiting and len(seen) < _MOST:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, MethodType):
            waiting += [each.__func__, each.__self__]
        elif isinstance(each, partial):
            waiting += [each.func, *each.args, *each.keywords.values()]
        elif isinstance(each, FunctionType):
            name = each.__code__.co_filename
            if each.__module__ == "__main__" or not os.path.exists(name):
                yield name
                waiting += _used(each)
        elif isinstance(each, list | tuple):
            waiting += each
        elif isinstance(each, dict):
            waiting += each.values()
        else:
            held = vars(each) if hasattr(each, "__dict__") else {}
            waiting += [value for value in held.values() if _may_hold_code(value)]


def _used(function: FunctionType) -> list[Any]:
    """What stands for the names that a function uses."""
    found = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # a name that has no value yet
            found.append(cell.cell_contents)
    names = _names(function.__code__)
    found += [value for name, value in function.__globals__.items() if name in names]
    return [value for value in found if _may_hold_code(value)]


def _names(code: CodeType) -> set[str]:
    inside = [_names(each) for each in code.co_consts if isinstance(each, CodeType)]
    return set(code.co_names).union(*inside)


def _may_hold_code(value: Any) -> bool:
    if isinstance(value, type):  # a class of a module has its file there
        return value.__module__ == "__main__"
    if isinstance(value, FunctionType | MethodType | partial | list | tuple | dict):
        return True
    return type(value).__module__ == "__main__"
