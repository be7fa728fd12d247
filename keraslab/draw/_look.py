"""How a graph is drawn: what colours the boxes, what stands on the edges, what is one box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, get_args

Overlay = Literal["params", "macs", "memory", "receptive_field", "dtype", "trainable"]
Status = Literal["same", "added", "removed", "changed", "wrong", "cause"]
OVERLAYS: tuple[str, ...] = get_args(Overlay)
STATUSES: tuple[str, ...] = get_args(Status)
EDGE_STATUSES = ("added", "removed")


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
            ``"added"``, ``"removed"`` or ``"changed"``; or where a finding says it goes
            ``"wrong"`` and what is the ``"cause"``. Such a picture has no overlay.
        edges: For edges by their place in the graph, whether they were ``"added"`` or
            ``"removed"`` between calls that are in both graphs.
        fresh: Ids of the calls that are new: they glow.
        loose: Ids of the calls that give something which goes nowhere yet.
        notes: For calls by id, what changed in them, for their cards.
        headline: What stands over the picture; None for the totals of the graph.
        values: What was measured, and colours the boxes where there is no ``overlay``: a
            ``"title"`` and a ``"note"`` for the legend; ``"calls"``, for each id the place from
            0 (little) to 1 (much), or None for nothing at all, and the text for its box; and
            ``"stops"``, the same pairs for the legend. A call that is left out was not measured;
            or ``"without"`` says what it lacks.

    Raises:
        ValueError: If ``overlay`` or a status is none of these words, or ``values`` are not of
            this form.

    Example:
        >>> Look(overlay="macs").json()
        {'overlay': 'macs', 'shapes': False, 'once': False}
    """

    overlay: Overlay | None = None
    shapes: bool = False
    shared_once: bool = False
    status: Mapping[str, str] | None = field(default=None)
    edges: Mapping[int, str] = field(default_factory=dict)
    fresh: frozenset[str] = frozenset()
    loose: frozenset[str] = frozenset()
    notes: Mapping[str, str] = field(default_factory=dict)
    headline: str | None = None
    values: Mapping[str, Any] | None = None

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
        odd = next((word for word in self.edges.values() if word not in EDGE_STATUSES), None)
        if odd is not None:
            raise ValueError(
                f"edges must say one of {', '.join(map(repr, EDGE_STATUSES))} for an edge. "
                f"Received: {odd!r}."
            )
        if self.values is not None:
            object.__setattr__(self, "values", MappingProxyType(_values(self.values)))
        object.__setattr__(self, "edges", MappingProxyType(dict(self.edges)))
        object.__setattr__(self, "fresh", frozenset(self.fresh))
        object.__setattr__(self, "loose", frozenset(self.loose))

    def word(self, call: str) -> str | None:
        """What the cards say of a call beyond what it is: that it is new, or what changed.

        Args:
            call: Its id.
        """
        words = []
        if self.status is not None and self.status.get(call, "same") != "same":
            words.append(": ".join(filter(None, (self.status[call], self.notes.get(call)))))
        words.extend(["new"] if call in self.fresh else [])
        words.extend(["loose end"] if call in self.loose else [])
        return ", ".join(words) or None

    def json(self) -> dict[str, Any]:
        """The look as JSON-ready data, for the drawing engine and the browser."""
        data = self.choices()
        if self.status is not None:
            data |= {"status": dict(self.status)}
        if self.values is not None:
            data |= {"values": dict(self.values)}
        if self.edges:
            data |= {"edges": {str(place): word for place, word in self.edges.items()}}
        if self.fresh or self.loose:
            data |= {"fresh": sorted(self.fresh), "loose": sorted(self.loose)}
        return data

    def choices(self) -> dict[str, Any]:
        """What a person may choose of the look, as JSON-ready data."""
        return {"overlay": self.overlay, "shapes": self.shapes, "once": self.shared_once}

    def measured(self) -> dict[str, str]:
        """What the browser calls the measured values; nothing where there are none."""
        return {} if self.values is None else {"measured": self.values["title"]}

    def changed(self, wanted: Mapping[str, Any]) -> Look:
        """This look with what a browser asks for; anything it cannot mean stays as it is.

        Args:
            wanted: Any of the keys of ``choices``.
        """
        overlay = wanted.get("overlay", self.overlay)
        shapes, once = wanted.get("shapes", self.shapes), wanted.get("once", self.shared_once)
        return replace(
            self,
            overlay=overlay if overlay is None or overlay in OVERLAYS else self.overlay,
            shapes=shapes if isinstance(shapes, bool) else self.shapes,
            shared_once=once if isinstance(once, bool) else self.shared_once,
        )


def _values(given: Mapping[str, Any]) -> dict[str, Any]:
    """Measured values with plain numbers and texts in them."""
    return {
        "title": str(given["title"]),
        "note": str(given.get("note", "")),
        "without": str(given.get("without", "")),
        "calls": {str(call): _pair(pair) for call, pair in given["calls"].items()},
        "stops": [_pair(pair) for pair in given.get("stops", ())],
    }


def _pair(pair: Sequence[Any]) -> list[float | str | None]:
    place, text = pair
    if place is not None and not 0 <= place <= 1:  # NaN is refused, too
        raise ValueError(
            f"values must give places from 0 (little) to 1 (much), or None. Received: {place!r}."
        )
    return [None if place is None else float(place), str(text)]


PLAIN = Look()
"""Boxes in the colours of their kinds, and nothing more."""
