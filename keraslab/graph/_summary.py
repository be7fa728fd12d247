"""A model as a table: a row per call, and the totals below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar

from keraslab.graph._data import Call, Graph, TensorSpec
from keraslab.graph._read import read_graph

if TYPE_CHECKING:
    from keraslab.graph._costs import Costs

_WIDEST = 118
_LONGEST = 24
_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Row:
    """One call in the table, as text."""

    name: str
    type: str
    """The class, with the constants and settings of an operation: ``Add (1.0)``."""
    group: str
    """Where the call lies: labels from the outermost group in, with the call of each."""
    call: str
    """Which call of a shared layer it is; empty where the layer is called once."""
    inputs: str
    output: str
    params: str
    """The weights; on later calls of a shared layer ``(shared)``."""
    macs: str
    memory: str
    """The size of what it gives, for one sample."""
    sees: str
    """Its receptive field: places along each axis of the input, or ``all``."""


_TITLES = ("Layer", "Type", "In", "Call", "Takes", "Gives", "Weights", "MACs", "Memory", "Sees")
_FIELDS = (
    "name", "type", "group", "call", "inputs", "output", "params", "macs", "memory", "sees",
)  # fmt: skip
_NUMBERS = (False, False, False, False, False, False, True, True, True, True)
# Left out where no call has anything to say in them.
_OPTIONAL = (2, 3, 9)
_TAKES = 4


@dataclass(frozen=True)
class Summary:
    """The table of a model. ``print(...)`` it, or leave it as the last line of a cell."""

    graph: Graph

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """One row per call, in the order of the graph."""
        paths = _paths(self.graph)
        costs = self.graph.costs
        counted: set[str] = set()
        rows = []
        for call in self.graph.calls:
            again = call.layer in counted
            counted.add(call.layer)
            rows.append(
                Row(
                    name=call.name,
                    type=_type(call),
                    group=paths.get(call.group or "", ""),
                    call=f"{call.index + 1} of {call.count}" if call.shared else "",
                    inputs=_specs(call.inputs),
                    output=_specs(call.outputs),
                    params=_call_params(call, again),
                    macs=_call_macs(call),
                    memory=size_text(costs.memory[call.id]),
                    sees=sees_text(costs, call.id),
                )
            )
        return tuple(rows)

    @cached_property
    def totals(self) -> tuple[str, ...]:
        """Lines with the parameters, their size in memory, and the cost of one sample."""
        graph = self.graph
        frozen = graph.params - graph.trainable_params
        size = sum(w.size * _bits(w.dtype) for w in graph.weights) // 8
        macs = short(graph.known_macs)
        unknown = len(graph.unknown_macs)
        if unknown:
            macs = f"{_at_least(macs, graph.known_macs)} ({_calls(unknown)} unknown)"
        hidden = len(graph.unknown_params)
        lines = [
            f"Weights: {'≥ ' if hidden else ''}{grouped(graph.params)} "
            f"({grouped(graph.trainable_params)} trainable, {grouped(frozen)} frozen), "
            f"{size_text(size)}" + (f" ({_calls(hidden)} unknown)" if hidden else ""),
            f"Multiply-accumulates (MACs) for one sample: {macs}",
            f"Memory for one sample, {_dtypes(graph)}: {_memory_totals(graph)}",
        ]
        masked = sum(any(spec.masked for spec in call.outputs) for call in graph.calls)
        if masked:
            gives = "1 call gives" if masked == 1 else f"{masked} calls give"
            lines.append(f"Masked: {gives} along a mask, which says which steps are padding.")
        if graph.skeleton:
            lines.append("Built without weights: it can be looked at, not run.")
        return tuple(lines)

    def __str__(self) -> str:
        columns = _used_columns(self.rows)
        cells = [
            [_TITLES[c] for c in columns],
            *([_cell(r, c) for c in columns] for r in self.rows),
        ]
        widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
        if _TAKES in columns and sum(widths) + 2 * (len(widths) - 1) > _WIDEST:
            # What a call takes is what others give, so that this column is missed the least.
            place = columns.index(_TAKES)
            columns, widths = _without(columns, place), _without(widths, place)
            cells = [_without(line, place) for line in cells]
        _squeeze(widths, [len(_TITLES[c]) for c in columns], columns)
        lines = [
            "  ".join(
                _pad(_middle(text, width), width, _NUMBERS[c])
                for text, width, c in zip(line, widths, columns, strict=True)
            ).rstrip()
            for line in cells
        ]
        rule = "─" * max(map(len, lines))
        title = _middle(f"Model: {_plain(self.graph.name)}", _WIDEST)
        return "\n".join([title, rule, lines[0], rule, *lines[1:], rule, *self.totals])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return self.html()

    def html(self, most: int | None = None) -> str:
        """The table as HTML.

        Args:
            most: How many characters the rows may take; the first ones are shown, and how many
                are left. None for all.
        """
        columns = _used_columns(self.rows)
        head = "".join(_html_cell("th", _TITLES[c], c) for c in columns)
        shown: list[str] = []
        room = math.inf if most is None else most
        for row in self.rows:
            cells = "".join(_html_cell("td", _cell(row, c), c) for c in columns)
            shown.append(f"<tr>{cells}</tr>")
            room -= len(shown[-1])
            if room < 0:
                shown.pop()
                break
        body = "".join(shown)
        left = len(self.rows) - len(shown)
        lines = [f"… and {grouped(left)} more calls", *self.totals] if left else self.totals
        totals = "".join(f"<div>{escape(line)}</div>" for line in lines)
        return (
            '<div style="color:var(--jp-content-font-color1,inherit);overflow-x:auto">'
            f'<div style="font-weight:600;margin-bottom:.4em">{escape(self.graph.name)}</div>'
            '<table style="border-collapse:collapse;font-size:.92em">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            f'<div style="margin-top:.4em">{totals}</div></div>'
        )


def summary(model: Any) -> Summary:
    """A table of a model: for each call its shapes, weights, costs and receptive field.

    The memory of a call is that of what it gives; the totals below are the most that a
    prediction holds at once, and what training keeps, both for one sample and beside the
    weights. Where a line would get too long, the column of what a call takes is left out.

    Args:
        model: A Functional or Sequential Keras model, or a ``Graph`` already read.

    Returns:
        A ``Summary``, which prints as text and shows as a table in a notebook.

    Raises:
        ModelError: The model cannot be read as a graph.

    Example:
        >>> import keras
        >>> x = keras.Input((8,), name="x")
        >>> model = keras.Model(x, keras.layers.Dense(2, name="dense")(x), name="tiny")
        >>> print(summary(model))
        Model: tiny
        ──────────────────────────────────────────────────────
        Layer  Type        Takes  Gives  Weights  MACs  Memory
        ──────────────────────────────────────────────────────
        x      InputLayer         ? × 8        0     0    32 B
        dense  Dense       ? × 8  ? × 2       18    16     8 B
        ──────────────────────────────────────────────────────
        Weights: 18 (18 trainable, 0 frozen), 72 B
        Multiply-accumulates (MACs) for one sample: 16
        Memory for one sample, float32: 40 B at once in a prediction, 40 B kept in training
    """
    return Summary(model if isinstance(model, Graph) else read_graph(model))


def grouped(number: int) -> str:
    """A number with its digits in groups: ``25,636,712``."""
    return f"{number:,}"


def short(number: int) -> str:
    """A large number with three digits and a letter: ``3.86 G``; a small one exactly."""
    if number < 100_000:
        return grouped(number)
    for power, letter in ((15, "P"), (12, "T"), (9, "G"), (6, "M"), (3, "k")):
        value = number / 10**power
        # What rounds up to the next letter's 1.00 takes that letter.
        if value >= 0.9995:
            digits = 2 - math.floor(math.log10(max(1.0, float(f"{value:.3g}"))))
            return f"{value:.{max(0, digits)}f} {letter}"
    return grouped(number)


def _call_params(call: Call, again: bool) -> str:
    if not call.weights_known:
        return _UNKNOWN
    return "(shared)" if again and call.params else grouped(call.params)


def _call_macs(call: Call) -> str:
    return _UNKNOWN if call.macs is None else short(call.macs)


def _type(call: Call) -> str:
    given = ", ".join(call.arguments)
    return f"{call.type} ({_middle(given, _LONGEST)})" if given else call.type


def _specs(specs: Sequence[TensorSpec]) -> str:
    texts = [f"{spec.text} masked" if spec.masked else spec.text for spec in specs]
    if len(texts) > 2 and len(set(texts)) == 1:
        return f"{len(texts)} tensors {texts[0]}"
    return ", ".join(texts)


def size_text(size: int | None) -> str:
    """A number of bytes with three digits and a unit: ``3.21 MB``; ``unknown`` for None."""
    if size is None:
        return _UNKNOWN
    for power, unit in ((12, "TB"), (9, "GB"), (6, "MB"), (3, "kB")):
        value = size / 10**power
        # What rounds up to the next unit's 1.00 takes that unit.
        if value >= 0.9995:
            digits = 2 - math.floor(math.log10(max(1.0, float(f"{value:.3g}"))))
            return f"{value:,.{max(0, digits)}f} {unit}"
    return f"{size} B"


def sees_text(costs: Costs, call: str) -> str:
    """A receptive field as text: ``7 × 7``, ``all``; empty where the input has no axes."""
    if call in costs.whole:
        return "all"
    sizes = costs.receptive_field[call]
    if sizes is not None:
        return " × ".join(map(str, sizes))
    return _UNKNOWN if call in costs.unknown_field else ""


def _memory_totals(graph: Graph) -> str:
    costs = graph.costs
    unknown = len(costs.unknown_memory)
    peak, training = size_text(costs.known_peak), size_text(costs.known_training)
    if unknown:
        peak, training = (
            _at_least(peak, costs.known_peak),
            _at_least(training, costs.known_training),
        )
    more = f" ({_calls(unknown)} unknown)" if unknown else ""
    return f"{peak} at once in a prediction, {training} kept in training{more}"


def _at_least(text: str, number: int) -> str:
    return f"≥ {text}" if number else _UNKNOWN


def _calls(number: int) -> str:
    return "1 call" if number == 1 else f"{number} calls"


def _dtypes(graph: Graph) -> str:
    """The dtypes that values are worked out in; those of ids and masks only where alone."""
    found = dict.fromkeys(spec.dtype for call in graph.calls for spec in call.outputs)
    real = [dtype for dtype in found if "float" in dtype or "complex" in dtype]
    return " and ".join(sorted(real or found))


def _bits(dtype: str) -> int:
    return int("".join(filter(str.isdigit, dtype.partition("_")[0])) or 8)


def _paths(graph: Graph) -> dict[str, str]:
    paths: dict[str, str] = {}
    for group in graph.groups:
        own = f"{group.label} {group.index + 1}" if group.count > 1 else group.label
        outer = paths.get(group.parent or "")
        paths[group.id] = f"{outer} › {own}" if outer else own
    return paths


def _used_columns(rows: Sequence[Row]) -> list[int]:
    used = range(len(_TITLES))
    return [c for c in used if c not in _OPTIONAL or any(_cell(row, c) for row in rows)]


def _cell(row: Row, column: int) -> str:
    return _plain(getattr(row, _FIELDS[column]))


def _plain(text: str) -> str:
    """Text without characters that move the cursor or colour a terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)


def _middle(text: str, width: int) -> str:
    """Text of at most this width, cut in the middle."""
    if len(text) <= width:
        return text
    start = (width - 1) // 2
    return text[:start] + "…" + text[len(text) - (width - 1 - start) :]


_T = TypeVar("_T")


def _without(line: list[_T], place: int) -> list[_T]:
    return line[:place] + line[place + 1 :]


def _pad(text: str, width: int, number: bool) -> str:
    return text.rjust(width) if number else text.ljust(width)


def _squeeze(widths: list[int], titles: Sequence[int], columns: Sequence[int]) -> None:
    """Narrow the widest text columns until a line fits; numbers are never cut."""
    texts = [i for i, c in enumerate(columns) if not _NUMBERS[c]]
    while sum(widths) + 2 * (len(widths) - 1) > _WIDEST:
        widest = max(texts, key=lambda i: widths[i])
        if widths[widest] <= max(titles[widest], 5):
            return
        widths[widest] -= 1


def _html_cell(tag: str, text: str, column: int) -> str:
    line = "var(--jp-border-color2,currentColor)" if tag == "th" else "transparent"
    style = (
        f"text-align:{'right' if _NUMBERS[column] else 'left'};padding:.15em .5em;"
        f"border-bottom:1px solid {line};white-space:nowrap;"
        "font-variant-numeric:tabular-nums;background:none;color:inherit"
    )
    return f'<{tag} style="{style}">{escape(text)}</{tag}>'
