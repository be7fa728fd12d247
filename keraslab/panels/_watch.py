"""A panel that follows a notebook: after each cell, the graph of all that it holds so far."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import keras

from keraslab.draw import Picture
from keraslab.draw._sizes import Sizes, resized
from keraslab.graph import Graph, ModelError, keras_internals, read_graph, record_lines, summary
from keraslab.graph._from_tensors import so_far
from keraslab.panels._live import live_bundle

MOST_CALLS = 20_000
"""Beyond that the panel says so instead of drawing."""
_NOWHERE = ", goes nowhere yet"


def watch() -> Watch:
    """Show a panel that follows the notebook.

    After every cell it holds the graph of all symbolic tensors and models in the notebook so
    far. What the last cell added glows and is marked as new, and loose ends are marked too:
    tensors that go nowhere yet. ``watch().stop()`` ends it, and so does the next ``watch()``.

    Returns:
        The panel; leave it as the last line of a cell.

    Raises:
        RuntimeError: Called outside IPython and Jupyter, where no cells are run.

    Example:
        >>> watch()
        Traceback (most recent call last):
        ...
        RuntimeError: watch() follows the cells of a notebook, and none is running here: use it in JupyterLab or IPython, or show(tensor) anywhere.
    """  # noqa: E501 - one line is what the error prints
    shell = _shell()
    if shell is None:
        raise RuntimeError(
            "watch() follows the cells of a notebook, and none is running here: use it in "
            "JupyterLab or IPython, or show(tensor) anywhere."
        )
    global _running
    if _running is not None:
        _running.stop()
    _running = Watch(shell)
    return _running


class Watch:
    """The panel of ``watch``.

    Attributes:
        graph: The graph of all symbolic tensors and models so far; None while there are none.
        added: Ids of the calls that the last cell made.
        loose: Ids of the calls that give something which goes nowhere yet.
        message: Why the graph cannot be shown; empty where it can.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._recording: ExitStack | None = None
        self._widget: Any = None
        self._before: dict[tuple[str, int], Any] = {}
        self.graph: Graph | None = None
        self.added: frozenset[str] = frozenset()
        self.loose: frozenset[str] = frozenset()
        self.message = ""
        shell.events.register("pre_run_cell", self._start)
        shell.events.register("post_run_cell", self._look)
        self._refresh()
        self._start()

    def stop(self) -> None:
        """Follow no longer; the panel keeps its last picture."""
        self._stop_recording()
        for event, function in (("pre_run_cell", self._start), ("post_run_cell", self._look)):
            if function in self._shell.events.callbacks[event]:
                self._shell.events.unregister(event, function)

    def _start(self, *_: Any) -> None:
        """Before a cell: record which lines make which calls."""
        self._stop_recording()
        self._recording = ExitStack()
        self._recording.enter_context(record_lines(f"cell [{self._shell.execution_count}]"))

    def _stop_recording(self) -> None:
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.close()

    def _look(self, *_: Any) -> None:
        """After a cell: show what the notebook holds now."""
        self._stop_recording()
        self._refresh()

    def _refresh(self) -> None:
        """Read the notebook's names again; whatever they hold, its cells must go on."""
        try:
            ends = loose_ends(self._shell.user_ns)
            graph = read_graph(ends) if ends else None
            if graph is not None and len(graph.calls) > MOST_CALLS:
                raise ModelError(f"There are {len(graph.calls):,} calls, too many to follow.")
        except Exception as error:
            self.message = (
                str(error)
                if isinstance(error, ModelError)
                else f"The graph so far cannot be shown ({type(error).__name__})."
            )
        else:
            self.message = ""
            self.graph = graph
            self.added = self._new_calls()
            ports = graph.outputs if graph is not None else ()
            self.loose = frozenset(p.call for p in ports if (p.key or "").endswith(_NOWHERE))
        self._tell()

    def _new_calls(self) -> frozenset[str]:
        """Ids of the calls that were not there before; none of the first ones."""
        calls = self.graph.calls if self.graph is not None else ()
        # A call inside a nested model is another one for each call of that model.
        now = {
            (call.id.rpartition("/")[0], id(call.node)): call
            for call in calls
            if call.node is not None
        }
        new = now.keys() - self._before.keys() if self._before else set()
        # With the nodes themselves, so that no id is used again.
        self._before = {key: call.node for key, call in now.items()}
        return frozenset(now[key].id for key in new)

    def _tell(self) -> None:
        if self._widget is None:
            return
        if self.message:
            self._widget.stale(self.message)
        elif self.graph is not None:
            look = replace(self._widget.look, fresh=self.added, loose=self.loose)
            self._widget.update(self.graph, look=look)

    def _resized(self, sizes: Sizes) -> Graph:
        assert self.graph is not None
        return resized(self.graph, sizes)

    def __repr__(self) -> str:
        if self.graph is None:
            return self.message or "No symbolic tensors and no models yet."
        return f"{self.message}\n{summary(self.graph)}".lstrip()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        if self._widget is None:
            from keraslab.draw._graph_widget import GraphWidget

            self._widget = GraphWidget(on_sizes=self._resized, tweaks=True)
            self._widget.stale("No symbolic tensors and no models yet: run a cell that makes some.")
            self._tell()
        still: dict[str, Any] = {}
        if self.graph is not None:
            shown = Picture.in_look(self.graph, self._widget.opened, self._widget.look)
            still = shown._repr_mimebundle_()
        return still | live_bundle(self._widget) | {"text/plain": repr(self)}


def loose_ends(names: Mapping[str, Any]) -> dict[str, Any]:
    """The tensors that end what a notebook holds, each under a name that says what it is.

    Args:
        names: The variables of the notebook.

    Returns:
        The outputs of every model that is not part of another, and every tensor that goes
        into no call yet.
    """
    own = {name: value for name, value in names.items() if not name.startswith("_")}
    models = {
        name: keras_internals.functional_of(value)
        for name, value in own.items()
        if issubclass(type(value), keras.Model)  # a stranger's object may raise when asked
    }
    tensors: dict[int, tuple[str, Any]] = {}
    for name, functional in models.items():
        outputs = _outputs(functional)
        for place, tensor in enumerate(outputs):
            text = f"{name}[{place}]" if len(outputs) > 1 else name
            tensors.setdefault(id(tensor), (text, tensor))
    ends = set(tensors)
    for name, value in own.items():
        if issubclass(type(value), keras.KerasTensor):
            tensors.setdefault(id(value), (f"{name}{_NOWHERE}", value))
    if not tensors:
        return {}
    nodes = keras_internals.nodes_of(so_far([tensor for _, tensor in tensors.values()]))
    taken = {id(t) for node in nodes for t in keras_internals.tensors_in(node)}
    called = [keras_internals.functional_of(keras_internals.operation_of(n)) for n in nodes]
    inside = {id(t) for functional in called for t in _outputs(functional)}
    return {
        text: tensor
        for key, (text, tensor) in tensors.items()
        if (key in ends or key not in taken) and key not in inside
    }


def _outputs(functional: Any) -> list[Any]:
    return [] if functional is None else list(functional.outputs)


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


_running: Watch | None = None
