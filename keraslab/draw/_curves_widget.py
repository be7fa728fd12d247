"""The live view of training curves: a canvas in the page, fed with points from the kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anywidget
import traitlets

from keraslab.draw._curves_picture import Line, Mark, Plot, figure, png
from keraslab.frontend import asset


class CurvesWidget(anywidget.AnyWidget):
    """Draws training curves and lets more points be added.

    The widget holds no data. It asks ``source`` for the plots whenever a page needs all of
    them, and is told by ``append`` what came since.

    Args:
        source: Gives the plots as they are now, thinned to what a page can take.
        status: Gives the status line: ``text``, ``note``, ``fraction`` (None while nobody
            knows), ``running`` and ``axis``; ``said``, sentences to stand under the plots, and
            ``marks`` on them, lists of dicts under the plots' ids.
    """

    _esm = asset("curves_widget.js")
    _css = asset("curves_widget.css")

    # Neither is ever set: what they serialise to is asked for when a page needs it, so that a
    # page opened late, or loaded again, gets the curves as they are then.
    snapshot = traitlets.Any(None, allow_none=True).tag(
        sync=True, to_json=lambda _, widget: widget._snapshot()
    )
    status = traitlets.Any(None, allow_none=True).tag(
        sync=True, to_json=lambda _, widget: widget._status()
    )
    slot = traitlets.Unicode("").tag(sync=True)
    """The class of the element in the page that the live view takes over from its widget."""

    def __init__(
        self,
        source: Callable[[], Sequence[Plot]] = tuple,
        status: Callable[[], Mapping[str, Any]] = dict,
        **traits: Any,
    ) -> None:
        self._source = source
        self._status = lambda: dict(status())
        super().__init__(**traits)
        self.on_msg(self._heard)

    def push(self) -> None:
        """Send everything anew."""
        self.send_state(["snapshot", "status"])

    def append(self, lines: Mapping[str, tuple[int, Line]]) -> None:
        """Send new points at the ends of lines, and the status line.

        Args:
            lines: Per line, how many recorded points the page has already, and what came since.
        """
        message: list[dict[str, Any]] = []
        buffers: list[bytes] = []
        for name, (start, line) in lines.items():
            message.append({"id": name, "from": start, "to": line.count})
            buffers += _columns(line)
        self.send({"type": "append", "lines": message, "status": self._status()}, buffers)  # type: ignore[no-untyped-call]

    def _snapshot(self) -> dict[str, Any]:
        return {
            "plots": [
                {
                    "id": plot.id,
                    "title": plot.title,
                    "group": plot.output,
                    "name": plot.metric.replace("_", " "),
                    "loss": plot.is_loss,
                    "lines": [
                        {"id": line.id, "kind": line.kind, "count": line.count}
                        | dict(zip("xy", _columns(line), strict=True))
                        for line in plot.lines
                    ],
                }
                for plot in self._source()
            ]
        }

    def _heard(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        if content.get("type") == "ask":
            self.push()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The live view, and a picture of it where no kernel runs."""
        bundle = super()._repr_mimebundle_(**options)
        plots = self._source()
        if bundle is None or not plots:
            return bundle
        status = self._status()  # type: ignore[no-untyped-call]
        drawn = figure(
            plots,
            said=status.get("text", ""),
            note=status.get("note", ""),
            axis=status.get("axis", "epoch"),
            below=status.get("said", ()),
            marks={
                name: [Mark(**mark) for mark in each]
                for name, each in status.get("marks", {}).items()
            },
        )
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        data["image/png"] = png(drawn)
        return data, metadata


def _columns(line: Line) -> tuple[bytes, bytes]:
    """Both columns as the page reads them: doubles and single-precision floats."""
    return line.x.astype("<f8").tobytes(), line.y.astype("<f4").tobytes()
