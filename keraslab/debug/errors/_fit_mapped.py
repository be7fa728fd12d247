"""A dataset of loose arrays put together as a model takes them, by its own ``map``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from keraslab.debug._arrays import pair_data
from keraslab.debug._finding import Fix
from keraslab.debug._fit_case import LEARNING, FitCase
from keraslab.debug._unread import batches_of


def mapped(case: FitCase) -> Iterator[Fix]:
    """``data.map(lambda a, b, y: ((a, b), y))``, where that makes its batches fit.

    Nothing is taken from the dataset: what ``map`` gives says its shapes as well.

    Args:
        case: The training, whose ``x`` is the dataset.
    """
    data, node = case.arguments.get("x"), case.argument("x")
    spec = getattr(data, "element_spec", None)
    inputs = [case.graph.call_by_id[port.call].name for port in case.graph.inputs]
    outputs = [head.name for head in case.heads] if case.function in LEARNING else []
    rest = len(spec) - len(inputs) - len(outputs) if isinstance(spec, tuple) else -1
    if not isinstance(spec, tuple) or not 0 <= rest <= len(outputs) or not hasattr(data, "map"):
        return
    if any(not hasattr(each, "shape") for each in spec) or len(inputs) + len(outputs) < 2:
        return
    names = ["y"] if len(outputs) == 1 else [f"y_{name}" for name in outputs]
    names = [re.sub(r"\W", "_", name) for name in [*inputs, *names]]
    names += ["weights"] if rest == 1 else []
    if len(set(names)) < len(spec) or not all(map(str.isidentifier, names)):
        return
    built = [_text(names[: len(inputs)], [port.key for port in case.graph.inputs])]
    if outputs:
        targets = names[len(inputs) : len(inputs) + len(outputs)]
        built.append(_text(targets, [head.key for head in case.heads]))
    built += names[len(inputs) + len(outputs) :]
    code = f"lambda {', '.join(names)}: ({', '.join(built)}{',' if len(built) == 1 else ''})"
    works = _fits(case, data, code)
    if works is not False:
        fix = Fix("put together what belongs together", f"data.map({code})", tried=bool(works))
        yield case.replacing(fix, node, f"{{}}.map({code})") if "{" not in code else fix


def _text(names: list[str], keys: list[str | None]) -> str:
    if keys[0] is not None:
        return f"{{{', '.join(f'{k!r}: {n}' for k, n in zip(keys, names, strict=True))}}}"
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def _fits(case: FitCase, data: Any, code: str) -> bool | None:
    """Whether the batches fit then; None where their shapes are not known."""
    try:
        found = batches_of(data.map(eval(code, {"__builtins__": {}})))  # it is of this module
    except Exception:  # a dataset of someone's own may refuse in any way
        return None
    if found is None:
        return None
    pairs = pair_data(case.graph, case.heads, *found, whole=False)
    return pairs.x.fits and (pairs.y is None or pairs.y.fits)
