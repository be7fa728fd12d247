"""The live view of a comparison: the page draws, fed with plain values and columns of numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anywidget
import traitlets

from keraslab.draw._comparison_curves import Band
from keraslab.draw._curves_picture import Plot
from keraslab.frontend import asset

Values = Mapping[str, Sequence[Sequence[Band]]]
"""Under each value's name the bands of each side, training first."""


class ComparisonWidget(anywidget.AnyWidget):
    """Shows how a comparison goes and what it found.

    The widget holds no data: it asks for them whenever a page needs them, so that a page opened
    late, or loaded again, gets them as they are then.

    Args:
        state: Gives all but the curves and the failures, as JSON can hold it.
        curves: Gives the bands.
        failures: Gives what is to be said of runs that failed, as HTML that is safe to show.
        on_message: Is told what a person did: ``{"type": "stop"}``, or ``{"type": "diff"}``
            with the numbers ``a`` and ``b`` of two variants.
    """

    _esm = asset("comparison_widget.js")
    _css = asset("comparison_widget.css")

    state = traitlets.Any(None, allow_none=True).tag(
        sync=True, to_json=lambda _, widget: widget._state()
    )
    curves = traitlets.Any(None, allow_none=True).tag(
        sync=True, to_json=lambda _, widget: widget._packed()
    )
    failures = traitlets.Any(None, allow_none=True).tag(
        sync=True, to_json=lambda _, widget: widget._failures()
    )
    slot = traitlets.Unicode("").tag(sync=True)
    """The class of the element in the page that the live view takes over from its widget."""

    def __init__(
        self,
        state: Callable[[], Mapping[str, Any]] = dict,
        curves: Callable[[], Values] = dict,
        failures: Callable[[], Sequence[str]] = tuple,
        on_message: Callable[[Mapping[str, Any]], None] | None = None,
        **traits: Any,
    ) -> None:
        self._state = lambda: dict(state())
        self._bands = curves
        self._failures = lambda: list(failures())
        self._on_message = on_message
        super().__init__(**traits)
        self.on_msg(self._heard)

    def push(self, *names: str) -> None:
        """Send these anew.

        Args:
            *names: Of ``"state"``, ``"curves"`` and ``"failures"``.
        """
        self.send_state(list(names))

    def _heard(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        if self._on_message is not None:
            self._on_message(content)

    def _packed(self) -> dict[str, Any]:
        return {
            "values": [
                {
                    "name": name,
                    "loss": Plot(name, name, "", name, ()).is_loss,
                    "sides": [[_columns(band) for band in side] for side in sides],
                }
                for name, sides in self._bands().items()
            ]
        }


def _columns(band: Band) -> dict[str, Any]:
    """A band as the page reads it: doubles for its place, single precision for its height."""
    heights = {"mean": band.mean, "low": band.low, "high": band.high}
    return {
        "variant": band.variant,
        "x": band.x.astype("<f8").tobytes(),
        **{key: value.astype("<f4").tobytes() for key, value in heights.items()},
    }
