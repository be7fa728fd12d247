"""The engine: one V8 for a process, that survives every trouble."""

import asyncio
import builtins
import multiprocessing
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from keraslab.draw import DrawingError, _engine
from keraslab.frontend import asset

FRONTEND = Path(_engine.__file__).parent.parent / "frontend"
TINY = "digraph { a -> b }"
# What a call appends, `(...arguments)`, then calls the function at the end.
FOREVER = "layout('digraph {}');(() => { for (;;); })"
GREEDY = "layout('digraph {}');(() => { for (const a = [];;) a.push(Array(1e5).fill(0.5)); })"


@pytest.fixture(autouse=True)
def fresh():
    _engine._ENGINE.close()
    yield
    _engine._ENGINE.close()


def test_one_engine_serves_many_threads():
    drawn = []
    threads = [
        threading.Thread(target=lambda: drawn.append(_engine.layout(TINY))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(drawn) == 6
    assert len(set(drawn)) == 1


def test_it_has_a_time_limit_under_a_running_event_loop(monkeypatch):
    async def draw():
        assert _engine.layout(TINY).count("<svg") == 1
        monkeypatch.setattr(_engine, "TIME_LIMIT", 0.05)
        with pytest.raises(DrawingError, match=r"longer than 0\.05 seconds"):
            _engine._ENGINE.call(FOREVER, "")

    asyncio.run(draw())


def test_it_draws_again_after_a_time_out(monkeypatch):
    before = _engine.layout(TINY)
    chain = "digraph {" + " ".join(f"a{i} -> a{j}" for i in range(60) for j in range(i)) + "}"
    with monkeypatch.context() as patch:
        patch.setattr(_engine, "TIME_LIMIT", 0.001)
        with pytest.raises(DrawingError, match="longer than"):
            _engine.layout(chain)
    assert _engine.layout(TINY) == before


def test_it_draws_again_after_an_error_and_says_it_in_one_line():
    before = _engine.layout(TINY)
    first = _engine._ENGINE._v8
    with pytest.raises(DrawingError, match=r"^Graphviz could not draw this graph: .+$") as caught:
        _engine.layout("digraph { a -> ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200
    assert _engine.layout(TINY) == before
    assert _engine._ENGINE._v8 is not first


def test_what_breaks_a_used_engine_is_drawn_by_a_fresh_one(monkeypatch):
    _engine._ENGINE.close()
    _engine.layout("digraph { a }")
    evaluated = []

    def breaks_once(self, function, data):
        evaluated.append(function)
        if len(evaluated) == 1:
            self._drop()
            raise RuntimeError("RuntimeError: table index is out of bounds")
        return real(self, function, data)

    real = _engine._Engine._evaluate
    monkeypatch.setattr(_engine._Engine, "_evaluate", breaks_once)
    assert "<svg" in _engine.layout("digraph { b }")
    assert evaluated == ["layout", "layout"]


def test_what_breaks_every_engine_is_an_error(monkeypatch):
    _engine.layout("digraph { a }")
    evaluated = []

    def breaks(self, function, data):
        evaluated.append(function)
        raise RuntimeError("RuntimeError: null function or function signature mismatch")

    monkeypatch.setattr(_engine._Engine, "_evaluate", breaks)
    with pytest.raises(_engine.DrawingError, match="signature mismatch"):
        _engine.layout("digraph { b }")
    assert len(evaluated) == 2


def test_it_draws_again_after_running_out_of_memory(monkeypatch):
    monkeypatch.setattr(_engine, "MEMORY_LIMIT", 48 * 2**20)
    with pytest.raises(DrawingError, match="more than 48 MB of memory"):
        _engine._ENGINE.call(GREEDY, "")
    monkeypatch.undo()
    assert "<svg" in _engine.layout(TINY)


def test_it_restarts_after_a_number_of_drawings(monkeypatch):
    monkeypatch.setattr(_engine, "DRAWINGS_BEFORE_RESTART", 2)
    _engine.layout(TINY)
    assert _engine._ENGINE._v8 is not None
    _engine.layout(TINY)
    assert _engine._ENGINE._v8 is None
    assert "<svg" in _engine.layout(TINY)


def test_it_gives_memory_back_and_restarts_where_that_does_not_help(monkeypatch):
    many = "graph { " + "; ".join(f"{n} -- {n + 1}" for n in range(300)) + " }"
    monkeypatch.setattr(_engine, "HEAP_BEFORE_CLEANING", 0)
    _engine.layout(many)
    engine = _engine._ENGINE._v8
    assert _engine._heap(engine) < 12 * 2**20
    # What Graphviz holds itself is measured too.
    assert 2**20 < engine.eval(_engine._GRAPHVIZ_BYTES) < 64 * 2**20
    _engine.layout(many)
    assert _engine._ENGINE._v8 is engine
    monkeypatch.setattr(_engine, "MEMORY_BEFORE_RESTART", 2**20)
    _engine.layout(many)
    assert _engine._ENGINE._v8 is None
    assert "</svg>" in _engine.layout(many)


def test_quotes_and_backslashes_reach_graphviz_as_they_are():
    svg = _engine.layout(r"""graph { a [label="it's \\ a \"quote\" é"] }""")
    assert r"it&#39;s \ a &quot;quote&quot; é" in svg.replace("&#160;", " ")


def test_a_text_too_large_is_refused_before_graphviz_sees_it():
    with pytest.raises(DrawingError, match=r"too large.*fold some groups"):
        _engine.layout("digraph {" + " " * 5_000_000 + "}")


def test_html_labels_and_every_unicode_plane_are_drawn():
    svg = _engine.layout("digraph { a [label=<<b>é日本😀</b>>] }")
    assert "é日本😀" in svg


@pytest.mark.parametrize("error", [ImportError("none"), OSError("wrong machine")])
def test_a_missing_wheel_is_said_in_a_sentence(monkeypatch, error):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("py_mini_racer"):
            raise error
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DrawingError, match="needs the mini-racer package"):
        _engine.layout(TINY)


@pytest.mark.slow
def test_a_process_that_drew_ends_quietly():
    code = (
        "from keraslab.draw import _engine, DrawingError\n"
        f"print(len(_engine.layout({TINY!r})) > 100)\n"
        "_engine.TIME_LIMIT = 0.05\n"
        f"try: _engine._ENGINE.call({FOREVER!r}, 1)\n"
        "except DrawingError: print('late')\n"
        "_engine.TIME_LIMIT = 10\n"
        f"print(len(_engine.layout({TINY!r})) > 100)\n"
    )
    # Keras has noise of its own when it starts; only what comes after is looked at.
    quiet = "import keras, sys; print('ready', file=sys.stderr, flush=True)\n" + code
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", quiet],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True", "late", "True"]
    assert done.stderr.partition("ready\n")[2] == ""


@pytest.mark.skipif(sys.platform != "linux", reason="forks only on Linux")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_an_engine_of_its_own():
    before = _engine.layout(TINY)
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=lambda: queue.put(_engine.layout(TINY)))
    child.start()
    child.join(30)
    alive = child.is_alive()
    child.kill()
    assert not alive
    assert queue.get() == before
    assert _engine.layout(TINY) == before


def test_every_bundled_work_has_its_licence():
    licences = asset("LICENSES.txt")
    for name in ("Viz.js", "Graphviz", "Expat", "uPlot"):
        assert re.search(rf"^{re.escape(name)} [\d.]+ ", licences, re.MULTILINE), name
    assert "Eclipse Public License - v 2.0" in licences
    assert licences.count("Permission is hereby granted") >= 3
