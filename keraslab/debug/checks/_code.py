"""Layers and chains as code."""

from __future__ import annotations

import re
from typing import Any

import keras

from keraslab.graph import CodeError
from keraslab.graph._code_layout import Apply, Expr, Row, Text, statement
from keraslab.graph._code_names import is_automatic
from keraslab.graph._code_values import Values
from keraslab.graph._code_writer import Writer


def made(layer: Any) -> str | None:
    """The expression that makes a layer like this one, with no name; None where it has none."""
    values = Values()

    def expression(inner: Any) -> Expr:
        config = dict(inner.get_config())
        for key in ("name", "trainable", "dtype"):
            config.pop(key, None)
        return Apply(values.found(type(inner)), tuple(values.arguments(type(inner), config, {})))

    values.layer = expression
    try:
        lines = statement("x", expression(layer))
    except Exception:  # a stranger's layer may raise anything
        return None
    if values.needs:
        return None
    # Alone, without the imports of a whole source.
    return re.sub(r"(?<![\w.])layers\.", "keras.layers.", "\n".join(lines).removeprefix("x = "))


class _AsSequential(Writer):
    """Writes a model whose calls follow one another as a list of layers."""

    def _wired(self, model: Any) -> None:
        if model is not self.model:
            super()._wired(model)
            return
        layers = [layer for layer in model.layers if not _is_input(layer)]
        given = next(layer for layer in model.layers if _is_input(layer))
        rows = [self.input(given), *[self.layer(layer) for layer in layers]]
        listed = Row("[", tuple([("", row) for row in rows]), "]")
        name = [] if is_automatic(model.name, "Functional") else self._given_name(model.name, "")
        expr = Apply(Text("keras.Sequential"), (("", listed), *name))
        self.lines.extend(statement(self.variable[id(model)], expr))


def _is_input(layer: Any) -> bool:
    return isinstance(layer, keras.layers.InputLayer)


def as_sequential(model: Any) -> str | None:
    """The source of a Sequential model that is equal to a chain; None where there is none."""
    try:
        writer = _AsSequential(model)
        source = writer.source()
    except CodeError:
        return None
    return None if writer.values.needs else source
