"""Where curves are shown in a notebook, and what stays there."""

from __future__ import annotations

import sys
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SHOWN_LIVE = "Training curves: shown while the training runs."
"""What a page says that cannot show a widget."""


class Slotted(Protocol):
    """A widget whose live view moves to where the class ``slot`` is in the page."""

    slot: str

    @property
    def model_id(self) -> str:
        """What the page knows it by."""


def shell() -> Any:
    """The IPython shell when it belongs to a notebook's kernel; None in a terminal."""
    ipython = sys.modules.get("IPython")
    found = ipython.get_ipython() if ipython is not None else None
    return found if getattr(found, "kernel", None) is not None else None


class Place:
    """One display of a widget below a cell.

    While the training runs it shows the widget. After that it holds a picture, which is what a
    saved notebook and an exported page keep. A live page recognises the picture by its class
    and puts the live view in its place.

    Args:
        widget: What to show.
        left: Called with the cell's error, or None, when the cell that shows the widget ends,
            if the place is not settled by then.
        around: The widget that holds ``widget`` among others, to be shown instead of it.
        instead: What a page says that cannot show the widget, such as one that was saved when
            the kernel was killed.
    """

    def __init__(
        self,
        widget: Slotted,
        left: Callable[[BaseException | None], None],
        around: Any = None,
        instead: str = SHOWN_LIVE,
    ) -> None:
        from IPython.display import display

        self._widget = widget
        self._left = left
        self._id = f"keraslab-curves-{uuid.uuid4().hex}"
        self._thread = threading.get_ident()
        self._shell = shell()
        widget.slot = ""
        shown = widget if around is None else around
        view = {"version_major": 2, "version_minor": 0, "model_id": shown.model_id}
        display(  # type: ignore[no-untyped-call]
            {
                "application/vnd.jupyter.widget-view+json": view,
                "text/plain": instead,
            },
            raw=True,
            display_id=self._id,
        )
        if self._shell is not None:
            self._shell.events.register("post_run_cell", self._cell_ended)

    def _cell_ended(self, result: Any) -> None:
        # An interrupt or an error ends a `fit` without telling its callbacks. When the cell
        # that ran it has ended, so has the `fit`; one in another thread may still run.
        if threading.get_ident() == self._thread:
            self._left(getattr(result, "error_in_exec", None))
            self.leave()

    def leave(self) -> None:
        """Listen to the shell no more."""
        if self._shell is not None:
            self._shell.events.unregister("post_run_cell", self._cell_ended)
            self._shell = None

    def settle(self, drawn: Figure, text: str, below: str = "") -> None:
        """Put the picture where the widget was, and HTML below it."""
        from keraslab.draw._curves_picture import image_tag, png

        picture = png(drawn)
        tag = image_tag(picture, drawn.get_figwidth() * 96, text)
        self.replace(tag, {"image/png": picture, "text/plain": text}, below)

    def replace(self, still: str, others: Mapping[str, Any], below: str = "") -> None:
        """Put HTML where the widget was, which a live page hides behind the live view.

        Args:
            still: The HTML.
            others: The same as other MIME types.
            below: HTML that stays in sight below either.
        """
        from IPython.display import display

        # First the widget learns where it will live, then its old place goes.
        self._widget.slot = self._id
        display(  # type: ignore[no-untyped-call]
            {"text/html": f'<div class="{self._id}">{still}</div>{below}', **others},
            raw=True,
            display_id=self._id,
            update=True,
        )
        self.leave()
