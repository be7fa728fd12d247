"""An ``Input`` above a failing call, made with another shape or another batch."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import keras

from keraslab.debug._finding import Edit, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._rewire import replayed
from keraslab.debug._source import Source


def with_other_input(
    mender: Mender, title: str, entry: Any, shape: tuple[int | None, ...]
) -> Fix | None:
    """Offer another shape of an ``Input`` above the failing call.

    Args:
        mender: Of the failing call.
        title: What it does, in a few words.
        entry: The input's layer.
        shape: Its shape without the batch.
    """
    whole = (entry.batch_shape[0], *shape)

    def edit(source: Source, call: ast.Call) -> Edit | None:
        held = next((k.value for k in call.keywords if k.arg in ("shape", "batch_shape")), None)
        batch = any(k.arg == "batch_shape" for k in call.keywords)
        text = repr(whole if batch else shape)
        held = held or (call.args[0] if call.args else None)
        return source.replace(held, text) if held is not None else None

    return _offered(mender, title, entry, whole, edit, f"{entry.name} = keras.Input({shape!r})")


def with_other_batch(mender: Mender, title: str, entry: Any, batch: int) -> Fix | None:
    """Offer another number of samples of an ``Input`` above the failing call.

    Args:
        mender: Of the failing call.
        title: What it does, in a few words.
        entry: The input's layer.
        batch: How many samples it is for.
    """
    whole = (batch, *entry.batch_shape[1:])

    def edit(source: Source, call: ast.Call) -> Edit | None:
        written = next((k.value for k in call.keywords if k.arg == "batch_shape"), None)
        if written is not None:
            return source.replace(written, repr(whole))
        return source.keyword(call, "batch_size", repr(batch), ("shape", "batch_size"))

    return _offered(mender, title, entry, whole, edit)


def _offered(
    mender: Mender,
    title: str,
    entry: Any,
    shape: tuple[int | None, ...],
    edit: Callable[[Source, ast.Call], Edit | None],
    code: str = "",
) -> Fix | None:
    evidence = mender.evidence
    made = evidence.made_at(entry)
    source = made[0] if made is not None else None

    def other(*_: Any) -> Any:
        return keras.KerasTensor(shape, dtype=entry.dtype)

    return mender.offer(
        title,
        [edit(*made) if made is not None else None],
        lambda *_: mender.trial.again(*replayed(evidence, mender.trial, {id(entry): other})),
        code=code,
        source=source,
    )
