"""Which line of code made which call."""

from __future__ import annotations

import contextlib
import linecache
import sys
import sysconfig
import weakref
from collections.abc import Iterator, MutableMapping
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import keras

from keraslab.graph import keras_internals
from keraslab.graph._data import CodeLine

_LINES: MutableMapping[Any, CodeLine] = weakref.WeakKeyDictionary()


def line_of(node: Any) -> CodeLine | None:
    """The line that made a call, where it was recorded.

    Args:
        node: Keras' own record of the call; may be None.
    """
    return _LINES.get(node) if _LINES and node is not None else None


@contextlib.contextmanager
def record_lines(place: str, file: str | None = None) -> Iterator[list[Any]]:
    """Record for each call made inside, in this thread, the line of code that made it.

    Args:
        place: What people call the code: ``cell [3]``.
        file: Only lines of this file count, the innermost one; None for the innermost line
            that is not of Keras, keraslab or another installed library.

    Yields:
        A list that the nodes of the calls come into, those without such a line too.
    """
    heard: list[Any] = []

    def ear(node: Any) -> None:
        heard.append(node)
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            name = frame.f_code.co_filename
            if name == file or (file is None and is_a_persons(name)):
                text = linecache.getline(name, frame.f_lineno).strip()
                _LINES[node] = CodeLine(place, frame.f_lineno, text)
                return
            frame = frame.f_back

    with keras_internals.hearing_calls(ear):
        yield heard


@cache
def _libraries() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    found = [paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    # keraslab may be installed from its own folder, Keras from anywhere.
    found += [str(Path(__file__).parents[1]), str(Path(keras.__file__).parent)]
    return tuple(sorted(set(found)))


@cache
def is_a_persons(file: str) -> bool:
    """Whether a file is someone's own: a cell, a script, a module beside it."""
    return not file.startswith((*_libraries(), "<frozen", "<string>"))
