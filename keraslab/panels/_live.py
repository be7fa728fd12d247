"""Whether a widget can be shown here, and the part of a bundle that it is."""

from __future__ import annotations

import sys
from typing import Any


def live_bundle(widget: Any) -> dict[str, Any]:
    """What a widget shows itself as, without its text, which says nothing.

    Args:
        widget: An anywidget.
    """
    live = widget._repr_mimebundle_()
    # anywidget gives (data, metadata) or data alone, as IPython allows both.
    data = live[0] if isinstance(live, tuple) else live
    return {kind: value for kind, value in (data or {}).items() if kind != "text/plain"}


def in_terminal() -> bool:
    """Whether IPython runs here without a notebook: it asks for a bundle, and shows text only."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and not hasattr(shell, "kernel")
