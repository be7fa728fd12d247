"""Vectors that a model or a layer above has made of an image already."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import keras
from keras import layers

from keraslab.debug._above import dropper
from keraslab.debug._evidence import Evidence, maker_of
from keraslab.debug._finding import Cause, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._replay import Replay
from keraslab.debug._rewire import passes_on
from keraslab.debug._source import Source
from keraslab.debug._syntax import keyword_of
from keraslab.graph import keras_internals

_HOW = {
    "GlobalAveragePooling": "averages over all positions",
    "GlobalMaxPooling": "takes the largest of all positions",
    "Flatten": "puts all values into one row",
}


def pooled_before(evidence: Evidence, tensor: Any, wanted: int) -> tuple[str, Cause] | None:
    """What made a vector of an image or a sequence, as half a sentence, and as the cause.

    Args:
        evidence: What the exception left.
        tensor: The vector.
        wanted: How many axes the failing layer takes.
    """
    lost = dropper(evidence, tensor, wanted)
    if lost is None or len(tensor.shape) != 2:
        return None
    maker = lost[0]
    if not isinstance(maker, keras.Model):
        how = _how(maker)
        if how is None:
            return None
        said = f"{maker.name!r} ({type(maker).__name__}) {how} already"
        return said, evidence.cause(maker, said)
    inner = _last(maker)
    if inner is None:
        return _with_its_top(evidence, maker)
    said = f"the model {maker.name!r} ends with {inner.name!r} ({type(inner).__name__}), which "
    said += f"{_how(inner)} already"
    found = _made_with_pooling(evidence, maker)
    if found is None:
        cause = evidence.cause(inner, said)
        return said, cause if cause.place is not None else evidence.cause(maker, said)
    source, call, value = found
    text = source.text_of(value)
    said = f"the model {maker.name!r} was made with pooling={text} and pools already"
    place = source.place_of(call) if source.file == evidence.sources[0].file else None
    return said, Cause(str(maker.name), f"it was made with pooling={text}", place=place)


def _with_its_top(evidence: Evidence, model: Any) -> tuple[str, Cause] | None:
    """A model of ``keras.applications`` that gives classes, because its top was not left out."""
    for source, call in _calls_that_made(evidence, model):
        module = keras_internals.module_in_keras(source.value_of(call.func))
        value = keyword_of(call, "include_top")
        given = True if value is None else source.value_of(value)
        if module.startswith("applications.") and given is True:
            said = f"the model {model.name!r} was made with its own top, which gives classes"
            place = source.place_of(call) if source.file == evidence.sources[0].file else None
            return said, Cause(
                str(model.name), "it was made without include_top=False", place=place
            )
    return None


def without_pooling(mender: Mender, tensor: Any, wanted: int) -> Fix | None:
    """The model above without its argument ``pooling``.

    Args:
        mender: Of the failing call.
        tensor: The vector.
        wanted: How many axes the failing layer takes.
    """
    evidence = mender.evidence
    lost = dropper(evidence, tensor, wanted)
    found = _made_with_pooling(evidence, lost[0]) if lost is not None else None
    inner = _last(lost[0]) if lost is not None and found is not None else None
    if found is None or inner is None:
        return None
    before = getattr(inner, "input", None)
    if not isinstance(before, keras.KerasTensor) or len(before.shape) != wanted:
        return None
    source, _, value = found
    edit = source.replace(value, "None")
    title = "make the model without a pooling of its own"
    return mender.offer(title, [edit], mender.trial.again, [before], source=source)


def _how(layer: Any) -> str | None:
    name = type(layer).__name__
    return next((how for start, how in _HOW.items() if name.startswith(start)), None)


def _last(model: Any) -> Any | None:
    """The layer inside a model that made its vector, where it is a pooling or a Flatten."""
    try:
        tensor = model.outputs[0]
    except Exception:  # a model of the person's own class, or one without inputs
        return None
    for _ in range(100):
        maker = maker_of(tensor)
        if maker is None or _how(maker) is not None:
            return maker
        if isinstance(maker, keras.Model):
            return _last(maker)
        if not passes_on(maker) and not isinstance(maker, (layers.Dense, layers.Reshape)):
            return None
        tensor = maker.input if isinstance(getattr(maker, "input", None), keras.KerasTensor) else 0
        if not isinstance(tensor, keras.KerasTensor):
            return None
    return None


def _made_with_pooling(evidence: Evidence, model: Any) -> tuple[Source, ast.Call, ast.expr] | None:
    """The call that made a model of ``keras.applications`` with ``pooling``."""
    for source, call in _calls_that_made(evidence, model):
        value = keyword_of(call, "pooling")
        if value is not None:
            return source, call, value
    return None


def _calls_that_made(evidence: Evidence, model: Any) -> Iterator[tuple[Source, ast.Call]]:
    """The calls that gave a model to a variable of the person's."""
    for index, source in enumerate(evidence.sources):
        name = source.name_of(model) if isinstance(model, keras.Model) else None
        if name is not None and name.isidentifier():
            replay = Replay(source, evidence.sources[index + 1 :])
            made = replay.made(ast.Name(name, ast.Load()))
            if isinstance(made, ast.Call):
                yield source, made
