"""How a graph is drawn: what colours the boxes, what stands on the edges, what is one box."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, get_args

Overlay = Literal["params", "macs", "memory", "receptive_field", "dtype", "trainable"]
Status = Literal["same", "added", "removed", "changed"]
OVERLAYS: tuple[str, ...] = get_args(Overlay)
STATUSES: tuple[str, ...] = get_args(Status)


@dataclass(frozen=True)
class Look:
    """How a graph is drawn.

    Args:
        overlay: What colours the boxes and is written in them: ``"params"``, ``"macs"``,
            ``"memory"``, ``"receptive_field"``, ``"dtype"`` or ``"trainable"``; None for the
            kind of layer.
        shapes: Whether every edge carries its shape.
        shared_once: Whether the calls of a shared layer are one box, where that makes no cycle.
        status: For calls by id, what happened to them between two graphs: ``"same"``,
            ``"added"``, ``"removed"`` or ``"changed"``. Such a picture has no overlay.

    Raises:
        ValueError: If ``overlay`` or a status is none of these words.

    Example:
        >>> Look(overlay="macs").json()
        {'overlay': 'macs', 'shapes': False, 'once': False}
    """

    overlay: Overlay | None = None
    shapes: bool = False
    shared_once: bool = False
    status: Mapping[str, str] | None = field(default=None)

    def __post_init__(self) -> None:
        if self.overlay is not None and self.overlay not in OVERLAYS:
            raise ValueError(
                f"overlay must be one of {', '.join(map(repr, OVERLAYS))}, or None. "
                f"Received: {self.overlay!r}."
            )
        if self.status is not None:
            wrong = next((word for word in self.status.values() if word not in STATUSES), None)
            if wrong is not None:
                raise ValueError(
                    f"status must say one of {', '.join(map(repr, STATUSES))} for a call. "
                    f"Received: {wrong!r}."
                )
            object.__setattr__(self, "status", MappingProxyType(dict(self.status)))

    def json(self) -> dict[str, Any]:
        """The look as JSON-ready data, for the drawing engine and the browser."""
        data = {"overlay": self.overlay, "shapes": self.shapes, "once": self.shared_once}
        return data if self.status is None else data | {"status": dict(self.status)}

    def changed(self, wanted: Mapping[str, Any]) -> Look:
        """This look with what a browser asks for; anything it cannot mean stays as it is.

        Args:
            wanted: Any of the keys of ``json``, without ``status``.
        """
        overlay = wanted.get("overlay", self.overlay)
        shapes, once = wanted.get("shapes", self.shapes), wanted.get("once", self.shared_once)
        return replace(
            self,
            overlay=overlay if overlay is None or overlay in OVERLAYS else self.overlay,
            shapes=shapes if isinstance(shapes, bool) else self.shapes,
            shared_once=once if isinstance(once, bool) else self.shared_once,
        )


PLAIN = Look()
"""Boxes in the colours of their kinds, and nothing more."""
