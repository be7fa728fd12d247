"""The setting of a build function that gives a model of a wanted size."""

from __future__ import annotations

import gc
from collections.abc import Callable
from numbers import Real
from typing import Any, Literal

import keras

from keraslab.graph import Graph, build_skeleton, read_graph
from keraslab.graph._collection import collection_put_off
from keraslab.train._given_lists import check_names
from keraslab.train._nearest import Search

_Kind = Literal["params", "macs"]
_UNIT = {"params": "parameters", "macs": "multiply-accumulates"}
COARSE = 0.05
"""A model further from its budget than this share of it is not of the same capacity."""


class Matched:
    """A build function at the setting that was found: called without arguments, it builds.

    Attributes:
        build: The build function.
        by: The parameter that was set.
        value: To what.
        params: Weight values of the model; None where unknown.
        macs: Its multiply-accumulates for one example; None where unknown.
        off: How far it is from the budget, as a share of the budget; above 0 is over it.
        said: What is to be known of the search, in a sentence; empty where all went well.
    """

    def __init__(
        self,
        build: Callable[..., Any],
        by: str,
        value: int,
        costs: tuple[int | None, int | None],
        off: float,
        said: str,
    ) -> None:
        self.build = build
        self.by = by
        self.value = value
        self.params, self.macs = costs
        self.off = off
        self.said = said
        self.__name__ = f"{by}={value}"

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments with which the build function is called."""
        return {self.by: self.value}

    def __call__(self) -> Any:
        return self.build(**self.settings)

    def __repr__(self) -> str:
        counts = ((self.params, _UNIT["params"]), (self.macs, _UNIT["macs"]))
        known = ", ".join(f"{count:,} {unit}" for count, unit in counts if count is not None)
        off = "exactly the budget" if not self.off else f"{100 * self.off:+.2g} % of the budget"
        return f"<{self.by}={self.value}: {known}; {off}>"


def match(
    build: Callable[..., Any],
    *,
    params: Any = None,
    macs: Any = None,
    by: str = "filters",
    low: int = 1,
    high: int = 4096,
) -> Matched:
    """Find the setting of a build function that comes nearest to a budget.

    So that variants differ in their wiring and not in their capacity. The models tried on the
    way have no weights allocated. Settings that do not build are passed over, such as those that
    are no multiple of 8 where a grouped convolution wants one.

    Args:
        build: A function that returns a model.
        params: The budget as a number of parameters, or a model, a build function without
            arguments or a ``Graph`` to match.
        macs: The budget in multiply-accumulates for one example, likewise. Give either.
        by: The parameter of ``build`` to set, a whole number: the more, the larger the model.
        low: The least to try.
        high: The most to try.

    Returns:
        A build function without arguments for ``compare``, with ``value``, ``params``, ``macs``
        and ``off``.

    Raises:
        TypeError: if ``build`` has no such parameter, or the budget is none.
        ValueError: if no setting gets there, or the parameter does not change the size.

    Example:
        >>> import keras
        >>> def build(units=8):
        ...     x = keras.Input((10,))
        ...     return keras.Model(x, keras.layers.Dense(1)(keras.layers.Dense(units)(x)))
        >>> match(build, params=1000, by="units")
        <units=83: 997 parameters, 913 multiply-accumulates; -0.3 % of the budget>
    """
    name = check_names(build, [by], "match")
    if (params is None) == (macs is None):
        raise TypeError("match() needs a budget: either params=... or macs=..., and not both.")
    if not (_is_whole(low) and _is_whole(high)) or low > high:
        raise ValueError(
            f"match(low={low!r}, high={high!r}): give two whole numbers, the smaller first."
        )
    kind: _Kind = "macs" if params is None else "params"
    budget = _budget(params if macs is None else macs, kind)
    found: dict[int, tuple[int | None, int | None]] = {}
    errors: dict[int, Exception] = {}

    def cost(value: int) -> int | None:
        try:
            with collection_put_off():
                built = build_skeleton(build, **{by: value})
                found[value] = _costs(built.model)
        except Exception as error:  # of any kind: this setting does not build
            errors[value] = error
            return None
        if not built.skeleton:  # it has real weights, which a circle of references keeps
            del built
            gc.collect()
        return found[value][0] if kind == "params" else found[value][1]

    search = Search(cost, int(low), int(high))
    value = search.nearest(budget)
    where = f"match({name}, {kind}={budget:,}, by={by!r})"
    if value is None:
        _nothing(where, by, search, errors)
    assert value is not None
    reached = search.tried[value]
    assert reached is not None
    _check_reached(where, by, search, budget, value, kind)
    off = (reached - budget) / budget
    return Matched(build, by, value, found[value], off, _remarks(by, search, kind, off))


def _budget(given: Any, kind: _Kind) -> int:
    wanted: int | None
    if isinstance(given, Real) and given is not True and given is not False:
        number = float(given)
        wanted = round(number) if abs(number) < 1e30 else 0  # which neither NaN nor infinity is
        if wanted < 1:
            raise ValueError(f"match({kind}=...) needs a budget above 0. Received: {given!r}.")
        return wanted
    if isinstance(given, Graph | keras.Layer):
        model = given
    elif callable(given):
        model = build_skeleton(given).model
    else:
        raise TypeError(
            f"match({kind}=...) needs a number, a model or a function that builds one. "
            f"Received: a {type(given).__name__}."
        )
    wanted = _costs(model)[0 if kind == "params" else 1]
    if not wanted:
        has = "is unknown" if wanted is None else "is 0"
        raise ValueError(
            f"match({kind}=...): the number of {_UNIT[kind]} of that model {has}. Give a number."
        )
    return wanted


def _costs(model: Any) -> tuple[int | None, int | None]:
    graph = model if isinstance(model, Graph) else read_graph(model)
    return None if graph.unknown_params else graph.params, graph.macs


def _nothing(where: str, by: str, search: Search, errors: dict[int, Exception]) -> None:
    if not errors:
        raise ValueError(
            f"{where}: what a model costs is unknown for every {by} that was tried. Match params "
            "instead, or say what your layers cost with keraslab.cost_of."
        )
    first = min(errors)
    error = errors[first]
    raise ValueError(
        f"{where}: nothing builds with {by} from {min(search.tried)} to {max(search.tried)}. Give "
        f"low=... a value that builds. With {by}={first}: {type(error).__name__}: {error}"
    ) from error


def _check_reached(
    where: str, by: str, search: Search, budget: int, value: int, kind: _Kind
) -> None:
    costs = [cost for _, cost in search.known]
    if min(costs) <= budget <= max(costs):
        return
    unit = _UNIT[kind]
    if len(set(costs)) == 1 and len(costs) > 1:
        raise ValueError(
            f"{where}: {by} does not change the number of {unit}, which is {costs[0]:,}. Give "
            "by=... another parameter."
        )
    raise ValueError(
        f"{where}: no {by} from {search.low} to {search.high} gets there; the nearest is {value} "
        f"with {search.tried[value]:,} {unit}. Give another budget, or "
        "low and high ends further out."
    )


def _remarks(by: str, search: Search, kind: _Kind, off: float) -> str:
    said = []
    if abs(off) > COARSE:
        said.append(
            f"No {by} comes nearer to the budget than {100 * abs(off):.0f} %: its steps are "
            "coarse. Another parameter may fit better."
        )
    costs = [cost for _, cost in search.known]
    if not search.steady and costs != sorted(costs, reverse=True):
        said.append(
            f"The number of {_UNIT[kind]} does not grow steadily with {by}, so another setting may "
            "come nearer."
        )
    failed = len(search.tried) - len(costs)
    if failed:
        said.append(f"{failed} of {len(search.tried)} settings that were tried do not build.")
    return " ".join(said)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
