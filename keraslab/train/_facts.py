"""What is known of a run at its begin, to be kept with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import keras

from keraslab.train._provenance import versions


def facts_of(
    model: Any, given: Mapping[str, Any], name: str | None, seed: int | None
) -> dict[str, Any]:
    """Name, settings, seed, versions, and the model's config and size.

    Args:
        model: The model.
        given: The arguments of ``fit`` by name.
        name: What the run is called; None for the model's name.
        seed: Its seed.
    """
    return {
        "kind": "fit",
        "name": name or str(getattr(model, "name", "")) or type(model).__name__,
        "seed": seed,
        "settings": {key: said(value) for key, value in given.items() if key != "*"},
        "versions": versions(),
        "model": type(model).__name__,
        "compiled": _compiled(model),
        # Whoever keeps them calls these; who does not is spared the work.
        "config": model.to_json,
        "cost": lambda: _cost(model),
    }


def said(value: Any) -> Any:
    """A setting as JSON holds it: small values as they are, data by their shape, else the kind.

    Example:
        >>> import numpy as np
        >>> said(3), said(np.ones((4, 2))), said((np.ones(3), "text"))
        (3, 'float64 (4, 2)', ['float64 (3,)', 'text'])
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value[:200]
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        shape = ", ".join(map(str, value.shape)) + ("," if len(value.shape) == 1 else "")
        return f"{keras.backend.standardize_dtype(value.dtype)} ({shape})"
    if isinstance(value, list | tuple):
        return [said(each) for each in value[:20]]
    if isinstance(value, Mapping):
        return {str(key): said(each) for key, each in list(value.items())[:20]}
    return type(value).__name__


def _cost(model: Any) -> dict[str, int | None]:
    """Weights and multiply-accumulates of one example; None where unknown."""
    from keraslab.graph import read_graph

    try:
        graph = read_graph(model)
    except Exception:  # no graph of calls is known: a subclassed model, or one not built yet
        return {"params": int(model.count_params())}
    return {"params": graph.params, "macs": graph.macs}


def _compiled(model: Any) -> Any:
    try:
        return json.loads(json.dumps(model.get_compile_config(), default=repr))
    except Exception:  # a loss or an optimizer without a config; the run does without
        return None
