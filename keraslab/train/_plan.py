"""The variants of a comparison: built once to be looked at, before anything is trained."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import cloudpickle
import keras
import numpy as np

from keraslab.train._fits_data import misfit
from keraslab.train._numbers import numbers
from keraslab.train._parcel import pack
from keraslab.train._rebuilt import Rebuilt, own_objects
from keraslab.train._run_task import arguments, built, macs_of, score_names
from keraslab.train._texts import texts_of


@dataclass
class Variant:
    """One variant, looked at."""

    name: str
    build: bytes | Callable[[], Any] = b""
    """As a worker gets it; the function itself where it cannot be pickled."""
    unsendable: TypeError | None = None
    """Why it cannot be pickled."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """That it was written in, where only this process has them."""
    identity: str = ""
    """The same for variants that train the same."""
    params: int | None = None
    macs: int | None = None
    graph: Any = None
    config: str | None = None
    """Of the model, as JSON; None where it has none."""
    names: list[str] = field(default_factory=list)
    """What can be its score, metrics first."""
    loss: str = ""
    optimizer: str = ""
    error: str | None = None
    """Why it cannot be trained; None where it can."""
    exception: BaseException | None = None


def checked_variants(variants: Any) -> dict[str, Any]:
    """The variants by name.

    Raises:
        TypeError: if one is neither a function nor a model, or they are no dict.
        ValueError: if there are none.
    """
    if not isinstance(variants, Mapping):
        raise TypeError(
            "compare(variants, ...) takes a dict from names to functions that return compiled "
            f"models. Received: {type(variants).__name__}."
        )
    if not variants:
        raise ValueError("compare(variants, ...) received no variants.")
    for name, each in variants.items():
        if not isinstance(name, str) or not name:
            raise TypeError(f"compare(variants, ...): names are text. Received: {name!r}.")
        if isinstance(each, type) or not (isinstance(each, keras.Model) or callable(each)):
            raise TypeError(
                f"compare({{{name!r}: ...}}) takes a function without arguments that returns a "
                f"compiled model, or a compiled model. Received: {each!r}."
            )
    return dict(variants)


def look_at(name: str, given: Any, seed: int, example: tuple[Any, ...]) -> Variant:
    """Build a variant and try it on two examples; what is wrong with it is in ``error``.

    Args:
        name: Of the variant.
        given: Its function, or a model.
        seed: To build with.
        example: Two examples of the training data.
    """
    from keraslab.graph.keras_internals import private_random

    found = Variant(name)
    try:
        if isinstance(given, keras.Model):
            given = _function_of(given)
        with suppress(Exception):  # any object may be among what it uses
            found.texts = texts_of(given)
        try:
            found.build = pack(given, f"The variant {name!r}")
        except TypeError as error:
            found.build, found.unsendable = given, error
        with private_random(seed):
            model = built(found.build)
            found.loss, found.optimizer = _compiled(model)
            _measure(found, model)
            found.error = misfit(model, example)
            if found.error is None:
                _try(found, model, example)
                found.identity = _identity(given, model)
    except Exception as error:
        found.exception = error
        found.error = f"{type(error).__name__}: {error}"
    return found


def _function_of(model: Any) -> Rebuilt:
    if not model.compiled:
        raise ValueError(
            f"The model {model.name!r} is not compiled. Call model.compile(...) before it is "
            "compared."
        )
    try:
        return Rebuilt(model)
    except NotImplementedError as error:
        raise ValueError(
            f"The model {model.name!r} has no config to be built anew from. Give a function that "
            "builds and compiles it."
        ) from error


def _measure(found: Variant, model: Any) -> None:
    from keraslab.graph import read_graph

    try:
        found.graph = read_graph(model)
        found.params = int(found.graph.params)
    except Exception:  # no graph of calls is known: a subclassed model
        found.params = int(model.count_params()) if model.built else None
    found.macs = macs_of(model)
    try:
        found.config = model.to_json()
    except Exception:  # a model without a config
        found.config = None


def _try(found: Variant, model: Any, example: tuple[Any, ...]) -> None:
    """Two examples forward, step by step: what it measures has its names then."""
    model.run_eagerly = True
    given = [keras.tree.map_structure(np.array, each) for each in example]
    tested = numbers(model.test_on_batch(**arguments(tuple(given)), return_dict=True))
    found.names = score_names(model, tested)
    if found.params is None:
        found.params = int(model.count_params())


def _compiled(model: Any) -> tuple[str, str]:
    """Loss and optimizer as text, to be compared."""
    try:
        config = model.get_compile_config() or {}
    except Exception:  # a loss of one's own without a config
        return repr(getattr(model, "loss", None)), type(model.optimizer).__name__
    loss = {key: config.get(key) for key in ("loss", "loss_weights")}
    return _text(loss), _text(config.get("optimizer"))


def _identity(function: Any, model: Any) -> str:
    """A fingerprint of what a model computes and how it begins, and not of how that is written."""
    digest = hashlib.sha256()
    try:
        digest.update(_text(model.get_config()).encode())
        digest.update("".join(_compiled(model)).encode())
        digest.update(_text((model.get_compile_config() or {}).get("metrics")).encode())
    except Exception:  # no config: then its text and what it closes over
        digest.update(_source(function).encode())
    for name, each in sorted(own_objects(model).items()):
        digest.update(f"{name}={_source(each)}".encode())
    for weight in model.weights:  # what a function gave its model: weights from elsewhere
        digest.update(np.ascontiguousarray(keras.ops.convert_to_numpy(weight)).tobytes())
    return digest.hexdigest()[:24]


def _source(each: Any) -> str:
    try:
        text = inspect.getsource(each)
    except (OSError, TypeError):
        text = ""
    held = getattr(each, "__closure__", None) or ()
    values = [_cell(cell) for cell in held]
    return text + repr(values) if text else hashlib.sha256(cloudpickle.dumps(each)).hexdigest()


def _cell(cell: Any) -> str:
    try:
        value = cell.cell_contents
    except ValueError:
        return ""
    return repr(value) if isinstance(value, int | float | str | tuple | list) else str(type(value))


def _text(config: Any) -> str:
    return json.dumps(config, default=repr, sort_keys=True)
