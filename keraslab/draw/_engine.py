"""Graphviz inside Python: the JavaScript engine in V8, one for each process."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from keraslab.frontend import asset

TIME_LIMIT = 10.0
"""Seconds one drawing may take."""
MEMORY_LIMIT = 512 * 2**20
"""Bytes the engine's heap may hold."""
HEAP_BEFORE_CLEANING = 32 * 2**20
"""Bytes of JavaScript objects after which V8 is asked to collect what is not used any more."""
MEMORY_BEFORE_RESTART = 80 * 2**20
"""Bytes of objects and of Graphviz' own memory, which never shrinks, that no cleaning freed."""
DRAWINGS_BEFORE_RESTART = 1000
"""Graphviz leaks a little on every drawing."""

_MEMORY_FAULT = re.compile(r"out of bounds|signature mismatch|unreachable|null function")


class DrawingError(RuntimeError):
    """A picture could not be drawn; the message says why in one sentence.

    Example:
        >>> from keraslab.draw import DrawingError
        >>> issubclass(DrawingError, RuntimeError)
        True
    """


def draw(
    graph: dict[str, Any], opened: Iterable[str], look: Mapping[str, Any] | None = None
) -> str:
    """The SVG of a graph.

    Args:
        graph: What ``graph_json`` gives.
        opened: Ids of the groups drawn open.
        look: What ``Look.json`` gives: overlay, shapes on edges, and so on.

    Raises:
        DrawingError: If it cannot be drawn in time, in memory, or at all.
    """
    return _ENGINE.call("draw", graph, sorted(opened), dict(look or {}))


def to_dot(
    graph: dict[str, Any], opened: Iterable[str], look: Mapping[str, Any] | None = None
) -> str:
    """The DOT text of a graph.

    Args:
        graph: What ``graph_json`` gives.
        opened: Ids of the groups drawn open.
        look: What ``Look.json`` gives.

    Raises:
        DrawingError: If the engine cannot be loaded.
    """
    return _ENGINE.call("toDot", graph, sorted(opened), dict(look or {}))


def to_mermaid(
    graph: dict[str, Any], opened: Iterable[str], look: Mapping[str, Any] | None = None
) -> str:
    """The Mermaid text of a graph.

    Args:
        graph: What ``graph_json`` gives.
        opened: Ids of the groups drawn open.
        look: What ``Look.json`` gives.

    Raises:
        DrawingError: If the engine cannot be loaded.
    """
    return _ENGINE.call("toMermaid", graph, sorted(opened), dict(look or {}))


def layout(dot: str) -> str:
    """The SVG that Graphviz makes of a DOT text.

    Args:
        dot: A graph in the DOT language.

    Raises:
        DrawingError: If Graphviz refuses it, or time or memory run out.
    """
    return _ENGINE.call("layout", dot)


class _Engine:
    """One V8 with the engine loaded, started on first use and after every trouble."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._v8: Any = None
        self._pid = 0
        self._drawings = 0

    def call(self, function: str, *arguments: Any) -> str:
        """The text that a function of the engine returns."""
        # As parsed JSON, not as source: a key such as __proto__ stays a key. JSON is full of
        # double quotes; between single ones they need no backslash.
        plain = json.dumps(arguments, separators=(",", ":"))
        text = plain.replace("\\", "\\\\").replace("'", "\\'")
        data = f"'{text}'"
        with self._lock:
            used = self._v8 is not None and self._drawings > 0
            try:
                result = self._evaluate(function, data)
            except DrawingError:  # the engine could not start, and says why
                raise
            except Exception as error:
                # Graphviz may break on what earlier drawings left in its memory: a fresh one
                # is tried once, unless it was time, memory or size that ran out.
                if not used or not _MEMORY_FAULT.search(str(error)):
                    # The cause would print a megabyte of JavaScript.
                    raise DrawingError(_sentence(error)) from None
                try:
                    result = self._evaluate(function, data)
                except DrawingError:
                    raise
                except Exception as again:
                    raise DrawingError(_sentence(again)) from None
            self._drawings += 1
            self._clean_up()
        return str(result)

    def _clean_up(self) -> None:
        """Keep the engine small: collect its garbage, or start anew with the next drawing."""
        if self._drawings >= DRAWINGS_BEFORE_RESTART:
            self._drop()
            return
        try:
            if _heap(self._v8) > HEAP_BEFORE_CLEANING:
                self._v8.low_memory_notification()
                own = self._v8.eval(_GRAPHVIZ_BYTES, timeout_sec=5)
                if _heap(self._v8) + int(own) > MEMORY_BEFORE_RESTART:
                    self._drop()
        except Exception:  # the drawing is there: what cannot be measured is started anew
            self._drop()

    def _evaluate(self, function: str, data: str) -> Any:
        v8 = self._running()
        try:
            return v8.eval(
                f"keraslabEngine.{function}(...JSON.parse({data}))", timeout_sec=TIME_LIMIT
            )
        except BaseException:
            # A failed drawing leaves Graphviz' memory in an unknown state.
            self._drop()
            raise

    def close(self) -> None:
        """Give everything back; the next drawing starts anew."""
        with self._lock:
            self._drop()

    def _running(self) -> Any:
        if self._pid != os.getpid():
            self._forget()
        if self._v8 is None:
            self._v8 = _start()
            self._pid = os.getpid()
            self._drawings = 0
        return self._v8

    def _drop(self) -> None:
        v8, self._v8 = self._v8, None
        if v8 is None or self._pid != os.getpid():
            return
        # A stopped evaluation reports its end late; closed before that, V8 complains on stderr.
        with contextlib.suppress(Exception):
            v8.eval("1", timeout_sec=5)
        v8.close()

    def _forget(self) -> None:
        """Leave the parent process' V8 alone: its threads do not exist in this process."""
        if self._v8 is not None:
            _ABANDONED.append(self._v8)
            self._v8 = None


_ABANDONED: list[Any] = []

# The young objects of V8 take three times this much, and by default three times 16 MB.
_FLAGS = ("--max-semi-space-size=4",)
# Graphviz' memory belongs to its module, which the bundle keeps to itself.
_KEEP_MEMORY = """{
  const instantiate = WebAssembly.instantiate;
  WebAssembly.instantiate = async (...given) => {
    const made = await instantiate(...given);
    for (const part of Object.values((made.instance ?? made).exports)) {
      if (part instanceof WebAssembly.Memory) globalThis.graphvizMemory = part;
    }
    return made;
  };
}
"""
_GRAPHVIZ_BYTES = "globalThis.graphvizMemory?.buffer.byteLength ?? 0"


def _heap(v8: Any) -> int:
    """The bytes that a V8's objects take."""
    return int(v8.heap_stats()["total_heap_size"])


def _start() -> Any:
    """A V8 with the engine loaded and ready."""
    try:
        from py_mini_racer import DEFAULT_V8_FLAGS, MiniRacer, init_mini_racer
    except (ImportError, OSError) as error:
        raise DrawingError(
            "The picture needs the mini-racer package, which cannot be loaded on this platform."
        ) from error

    started: list[Any] = []

    def start() -> None:
        try:
            # Where somebody else has started a V8 in this process, its flags stay.
            init_mini_racer(flags=(*DEFAULT_V8_FLAGS, *_FLAGS), ignore_duplicate_init=True)
            started.append(MiniRacer())
        except Exception as error:
            started.append(error)

    # In a thread of its own: created under a running event loop, as in a notebook, it would
    # work on that loop and could have no time limit.
    thread = threading.Thread(target=start, name="keraslab-engine-start", daemon=True)
    thread.start()
    thread.join()
    v8 = started[0]
    if isinstance(v8, Exception):
        raise DrawingError(f"The drawing engine could not start: {v8}.") from v8
    try:
        v8.set_hard_memory_limit(MEMORY_LIMIT)
        v8.eval(_KEEP_MEMORY + asset("engine.js"), timeout_sec=60)
        # Waiting for the promise from Python can keep the process from exiting; loading is
        # done by the time the next evaluation runs.
        v8.eval("keraslabEngine.start().catch((error) => { globalThis.failure = error }); 1")
        for _ in range(100):
            if v8.eval("keraslabEngine.ready() || Boolean(globalThis.failure)", timeout_sec=60):
                break
        if not v8.eval("keraslabEngine.ready()"):
            raise DrawingError("The drawing engine could not load Graphviz.")
    except DrawingError:
        v8.close()
        raise
    except Exception as error:
        v8.close()
        raise DrawingError(f"The drawing engine could not start: {_first_line(error)}.") from None
    return v8


def _sentence(error: Exception) -> str:
    name = type(error).__name__
    text = _first_line(error)
    if "Timeout" in name:
        return f"The picture took longer than {TIME_LIMIT:g} seconds to lay out."
    if "OOM" in name or "memory" in text:
        return f"The picture needs more than {MEMORY_LIMIT / 2**20:.0f} MB of memory."
    if "too large" in text:
        return f"The picture is {text[text.index('too large') :]}; fold some groups."
    return f"Graphviz could not draw this graph: {text or name}."


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = next((line for line in lines if "Error: " in line), lines[0] if lines else "")
    return said.split("Error: ", 1)[-1].rstrip(".")


_ENGINE = _Engine()
atexit.register(_ENGINE.close)
