"""The panel that joins a build function's parameters to the picture of what it builds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import ipywidgets

from keraslab import graph as G
from keraslab.draw import Picture
from keraslab.draw._cards import short
from keraslab.draw._graph_widget import GraphWidget
from keraslab.draw._sizes import Sizes, resized
from keraslab.graph._collection import collection_put_off
from keraslab.panels._controls import make_controls
from keraslab.panels._said import as_html, said, told
from keraslab.panels._style import style
from keraslab.panels._trainer import Trainer


def explore(
    build: Callable[..., Any],
    /,
    *,
    data: tuple[Any, Any] | None = None,
    compile: Mapping[str, Any] | Callable[[Any], None] | None = None,  # noqa: A002 -- Keras' word
    controls: Mapping[str, Any] | None = None,
    **more_controls: Any,
) -> Explorer:
    """Put a build function's parameters under controls and show what each setting builds.

    Each move builds the model anew without allocating weights, and redraws its graph, the
    shape of every call, the parameters and the multiply-accumulates. When a setting does not
    build, the last good picture stays, greyed, under a sentence that says what happened.

    Args:
        build: a function that returns a Keras Functional model. A parameter with a default
            gets a control by itself: a bool a tick box, a ``Literal`` a menu, a positive
            number a slider.
        data: ``(x, y)``, or ``((x, y), (x_validation, y_validation))``, as for ``model.fit``;
            adds a Train button. Several inputs or outputs go in a list or a dict. Without
            validation data, the last fifth of ``(x, y)`` is held back for validation.
        compile: what Train gives to ``model.compile``, as a dict, or a function that compiles
            the model it is given; may be left out where ``build`` compiles.
        controls: controls by parameter name, for parameters whose names are taken here.
        **more_controls: ``(low, high)`` or ``(low, high, step)`` for a slider, a list or dict
            for a menu, True or False for a tick box, or any ipywidgets widget with a value.

    Returns:
        The panel; its ``model`` is the model at the present setting.

    Raises:
        TypeError: if a parameter has neither control nor default, a control no parameter, or
            ``compile`` is of another kind.
        ValueError: if a control is given twice, a range or menu is empty, or ``data`` has
            another form.

    Example:
        >>> import keras
        >>> def build(units=8):
        ...     x = keras.Input((4,))
        ...     return keras.Model(x, keras.layers.Dense(units)(x))
        >>> lab = explore(build, units=(1, 16))
        >>> lab.graph.params
        40
        >>> lab.controls["units"].value = 10
        >>> lab.graph.params
        50
    """
    twice = set(controls or ()) & set(more_controls)
    if compile is not None and data is None:
        raise TypeError(
            "explore(compile=...) is for the Train button. Give data=(x, y) too, or compile the "
            "model in the build function."
        )
    if twice:
        raise ValueError(
            f"explore() got the control {min(twice)!r} twice: in controls and by name. "
            "Give it once."
        )
    return Explorer(build, {**(controls or {}), **more_controls}, data, compile)


class Explorer:
    """A panel of controls, the graph they build, its shapes and costs, and its training.

    It is shown by being a cell's last value. Like every widget it lives as long as the kernel.

    Attributes:
        widget: the panel as an ipywidgets widget, to be placed among others.
        controls: the control of each parameter, by name; set its ``value`` to move it.
        graph: the last graph that could be built, or None.
        error: the exception of the present setting, or None when it builds.
        trained: the model trained last, with its weights, or None.
    """

    def __init__(
        self,
        build: Callable[..., Any],
        given: Mapping[str, Any],
        data: tuple[Any, Any] | None,
        compiling: Mapping[str, Any] | Callable[[Any], None] | None,
    ) -> None:
        controls, self._held = make_controls(build, given)
        self.controls: Mapping[str, Any] = MappingProxyType(controls)
        self._build = build
        self._lock = threading.RLock()
        self._model: Any = None
        self.graph: G.Graph | None = None
        self.error: BaseException | None = None
        self._took = 0.0, True

        self._view = GraphWidget(on_sizes=self._resized, tweaks=True, on_shown=self._tried)
        self._view.add_class("kl-graph")
        self._stats = ipywidgets.HTML().add_class("kl-stats")
        self._message = ipywidgets.HTML().add_class("kl-message")
        self._shapes = ipywidgets.HTML().add_class("kl-shapes")
        self._trainer = Trainer(self, data, compiling) if data is not None else None
        self._redraw()
        for control in self.controls.values():
            control.observe(self._moved, names="value")
        self.widget = self._panel()

    @property
    def values(self) -> dict[str, Any]:
        """The present value of every parameter of the build function."""
        return {**self._held, **{key: control.value for key, control in self.controls.items()}}

    @property
    def model(self) -> Any:
        """The model at the present setting, with weights; made real on first use.

        Raises:
            Exception: what the build function raised, if the present setting does not build.
        """
        with self._lock:
            if self.error is not None:
                raise self.error
            self._model = G.materialize(self._model)
            return self._model

    @property
    def trained(self) -> Any:
        """The model that was trained last, with its weights, or None."""
        return self._trainer.trained if self._trainer is not None else None

    def _moved(self, change: Mapping[str, Any]) -> None:
        if change["old"] != change["new"]:
            self._redraw()

    def _redraw(self) -> None:
        with self._lock, collection_put_off():
            started = time.perf_counter()
            try:
                built = G.build_skeleton(self._build, **self.values)
                if built.model is None:
                    raise TypeError(
                        f"{getattr(self._build, '__name__', 'build')}() returns nothing. End it "
                        "with: return keras.Model(inputs, outputs)."
                    )
                graph = G.read_graph(built.model)
            except KeyboardInterrupt:
                self.error = RuntimeError("The build was interrupted. Move a control to build.")
                self._stale("Interrupted.")
                raise
            # Whatever a build function raises belongs in the panel: a SystemExit that left it
            # would end the kernel.
            except (Exception, SystemExit) as error:
                self.error = error
                self._say(told(error, self._build))
                self._stale("This setting does not build.")
                return
            took = time.perf_counter() - started
            self.error, self._model, before, self.graph = None, built.model, self.graph, graph
            self._say(built.reason or "", warning=False)
            self._view.update(graph, keep_sizes=True)
            for part in (self._stats, self._shapes):
                part.remove_class("kl-stale")
            # In the sizes that a person chose in the picture, where there are any.
            shown = self._view.graph or graph
            self._stats.value = _stats(shown, before, took, built.skeleton)
            self._shapes.value = G.summary(shown)._repr_html_()
            self._took = took, built.skeleton
            if self._trainer is not None:
                self._trainer.model_changed()

    def _resized(self, sizes: Sizes) -> G.Graph:
        """The graph of the present setting for other sizes of its inputs."""
        assert self.graph is not None
        return resized(self.graph, sizes)

    def _tried(self, graph: G.Graph) -> None:
        """Somebody chose other sizes or settings in the picture: the numbers follow."""
        with self._lock:
            self._stats.value = _stats(graph, self.graph, *self._took)
            self._shapes.value = G.summary(graph)._repr_html_()

    def _stale(self, why: str) -> None:
        """Grey what belongs to an earlier setting."""
        shown = (
            "The last one that did is shown." if self.graph else "Move a control to try another."
        )
        self._view.stale(f"{why} {shown}")
        for part in (self._stats, self._shapes):
            part.add_class("kl-stale")

    def _say(self, text: str, *, warning: bool = True) -> None:
        kind = "kl-error" if warning else "kl-note"
        lines = as_html(text)
        self._message.value = f'<div class="{kind}" role="status">{lines}</div>' if text else ""

    def _panel(self) -> Any:
        training = [self._trainer.buttons] if self._trainer is not None else []
        curves = [self._trainer.curves] if self._trainer is not None else []
        # The message comes last beside the graph: above, it would push the sliders away from
        # under the hand that moves them.
        side = [*self.controls.values(), self._stats, *training, self._message]
        top = ipywidgets.HBox([ipywidgets.VBox(side).add_class("kl-side"), self._view])
        return ipywidgets.VBox([style(), top.add_class("kl-top"), *curves, self._shapes]).add_class(
            "kl-explore"
        )

    def __repr__(self) -> str:
        settings = ", ".join(f"{key}={value!r}" for key, value in self.values.items())
        if self.error is not None:
            return f"explore({settings})\n{said(self.error, self._build)}"
        return f"explore({settings})\n{G.summary(self.graph)}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = dict(self.widget._repr_mimebundle_())
        if self.graph is not None:
            still = Picture.in_look(self.graph, self._view.opened, self._view.look)
            bundle |= still._repr_mimebundle_()
        return bundle | {"text/plain": repr(self)}


def _stats(graph: G.Graph, before: G.Graph | None, took: float, skeleton: bool) -> str:
    """Parameters and costs as HTML, with the change since the last picture."""
    change = graph.params - before.params if before is not None else 0
    changed = f' <span class="kl-change">{change:+,}</span>' if change else ""
    macs = short(graph.known_macs)
    if graph.unknown_macs:
        macs = f"at least {macs}, {len(graph.unknown_macs)} unknown"
    how = "no weights" if skeleton else "with weights"
    calls = sum(call.kind != "input" for call in graph.calls)
    return (
        '<dl role="status" aria-live="polite">'
        f"<dt>Parameters</dt><dd>{graph.params:,}{changed}</dd>"
        f"<dt>MACs per sample</dt><dd>{macs}</dd>"
        f"<dt>Calls</dt><dd>{calls:,}</dd>"
        f"<dt>Built in</dt><dd>{took * 1000:.0f} ms, {how}</dd>"
        "</dl>"
    )
