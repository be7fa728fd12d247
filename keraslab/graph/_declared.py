"""What the author of a layer says it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import ref

import keras

from keraslab.graph._contractions import Unknown

_About = TypeVar("_About")
_Found = TypeVar("_Found")

Shape = tuple[int | None, ...]
CostFunction = Callable[[Any, tuple[Shape, ...], tuple[Shape, ...]], "int | Cost | None"]

_F = TypeVar("_F", bound=Callable[..., Any])
_MARK = "_keraslab_cost_of"
_SOME = "return the number of multiply-accumulates, a kl.Cost(...), or None where it is unknown"


@dataclass(frozen=True)
class Cost:
    """What one call of a layer takes for one sample; what is left out is unknown.

    Args:
        macs: Multiply-accumulates.
        memory: Bytes of the values inside the layer that training keeps until the gradients
            are worked out; its inputs and outputs are counted apart.
        window: How many places of its input one place of its output sees, along each spatial
            axis: one number for all axes, or one for each. 1 for a layer that treats each
            place alone.
        stride: How many places of the input lie between two of the output.

    Raises:
        CostError: A number is no whole number, is negative, or is 0 where none can be.

    Example:
        >>> Cost(macs=120, window=1)
        Cost(macs=120, memory=None, window=1, stride=1)
    """

    macs: int | None = None
    memory: int | None = None
    window: int | tuple[int, ...] | None = None
    stride: int | tuple[int, ...] = 1

    def __post_init__(self) -> None:
        for name, least in (("macs", 0), ("memory", 0), ("window", 1), ("stride", 1)):
            value = getattr(self, name)
            if value is None and name != "stride":
                continue
            listed = isinstance(value, (tuple, list)) and name in ("window", "stride")
            clean = [_whole(number, least) for number in (value if listed else [value])]
            if None in clean or not clean:
                raise CostError(
                    f"Cost({name}={value!r}): a whole number of at least {least} is needed"
                    f"{', or one for each spatial axis' if least else ''}."
                )
            object.__setattr__(self, name, tuple(clean) if listed else clean[0])


class CostError(ValueError):
    """The function that says what a layer costs failed, or returned what is no cost."""


def _whole(value: Any, least: int) -> int | None:
    """The value as an int, where it is one (a NumPy integer too) and large enough."""
    try:
        number = int(value.__index__())
    except (AttributeError, TypeError):
        return None
    return number if number >= least and not isinstance(value, bool) else None


class PerClass:
    """Remembers a rule for each class, as long as the class lives and no cost is declared."""

    _all: list[PerClass] = []  # noqa: RUF012 - one list for all of them

    def __init__(self) -> None:
        # By the id of the class: asked for every call, and several times as quick as a
        # dictionary of weak references.
        self._found: dict[int, tuple[Any, ref[type]]] = {}
        self._all.append(self)

    def __getitem__(self, kind: type) -> Any:
        return self._found[id(kind)][0]

    def __setitem__(self, kind: type, rule: Any) -> None:
        found, key = self._found, id(kind)
        found[key] = (rule, ref(kind, lambda _: found.pop(key, None)))

    @classmethod
    def forget(cls) -> None:
        """Forget all rules that were looked up, since one of them may have changed."""
        for remembered in cls._all:
            remembered._found.clear()


def cost_of(layer: type) -> Callable[[_F], _F]:
    """Declare what a layer of your own costs, by one function.

    The function stays with the class: a class defined anew in a notebook cell needs its own,
    and what is declared again replaces what was declared before. A subclass costs the same
    unless it has a ``call`` of its own. Graphs read before keep the costs they were read with.

    Args:
        layer: The class of the layer, or of a ``keras.Operation``.

    Returns:
        A decorator for the function. It is given the layer, the shapes of its inputs and the
        shapes of its outputs, each a tuple of shapes with 1 as the batch and None for an
        unknown size. It returns the multiply-accumulates of one call as a whole number; a
        ``Cost`` that says more; or None where they are unknown. If it fails while a size is
        unknown, so is the cost.

    Raises:
        TypeError: ``layer`` is no class of layers or operations, or what is decorated is no
            function.

    Example:
        >>> import keras, math
        >>> class Gate(keras.layers.Layer):
        ...     def call(self, x):
        ...         return keras.ops.sigmoid(x) * x
        >>> @cost_of(Gate)
        ... def gate(layer, inputs, outputs):
        ...     values = math.prod(outputs[0])
        ...     return Cost(macs=0, memory=4 * values, window=1)
        >>> from keraslab.graph import read_graph
        >>> x = keras.Input((5,))
        >>> graph = read_graph(keras.Model(x, Gate()(x)))
        >>> graph.macs, graph.costs.unknown_memory
        (0, ())
    """
    if not (isinstance(layer, type) and issubclass(layer, keras.Operation)):
        hint = f": give its class, {type(layer).__name__}" if _is_operation(layer) else ""
        raise TypeError(
            f"cost_of needs a class of layers, such as class Mine(keras.layers.Layer), but "
            f"received {_shown(layer)}{hint}."
        )

    def declare(function: _F) -> _F:
        if not callable(function):
            raise TypeError(
                f"cost_of({layer.__name__}) decorates a function of (layer, inputs, outputs), "
                f"but received {_shown(function)}."
            )
        # Kept by the class itself, so that both go away together.
        setattr(layer, _MARK, function)
        PerClass.forget()
        return function

    return declare


def declared_by(kind: type) -> CostFunction | None:
    """The function declared for exactly this class; None where there is none."""
    found: CostFunction | None = vars(kind).get(_MARK)
    return found


def deciding_class(kind: type) -> type | None:
    """The nearest class that says what is computed: by a ``call`` or by a declared cost."""
    for base in kind.__mro__:
        if _MARK in vars(base) or "call" in vars(base):
            return base
    return None


def declared_cost(
    operation: Any, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]
) -> Cost | None:
    """What the author of a layer says one call costs; None where no one says it.

    Args:
        operation: The layer or operation.
        inputs: Shapes of its inputs, with 1 as the batch.
        outputs: Shapes of its outputs, with 1 as the batch.

    Raises:
        CostError: The function failed, or returned what is no cost.
    """
    base = deciding_class(type(operation))
    function = base and declared_by(base)
    if base is None or function is None:
        return None
    place = f"The function declared by cost_of({base.__name__})"
    try:
        value = function(operation, inputs, outputs)
    except Exception as error:
        if any(None in shape for shape in (*inputs, *outputs)):
            return Cost()
        raise CostError(
            f"{place} failed on the layer '{operation.name}' with inputs {inputs} and outputs "
            f"{outputs}: {type(error).__name__}: {error}"
        ) from error
    if value is None:
        return Cost()
    if isinstance(value, Cost):
        return value
    macs = _whole(value, 0)
    if macs is None:
        raise CostError(
            f"{place} returned {_shown(value)} for the layer '{operation.name}': {_SOME}."
        )
    return Cost(macs=macs)


def _is_operation(value: Any) -> bool:
    return isinstance(value, keras.Operation)


def _shown(value: Any) -> str:
    text = value.__name__ if isinstance(value, type) else repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def worked_out(rule: Callable[[_About], _Found], about: _About) -> _Found | None:
    """What a rule says of a call; None where it does not know.

    A call that its rule does not foresee is unknown too: it must not hide the whole model.

    Args:
        rule: Works something out.
        about: What it is given.

    Raises:
        CostError: A declared cost is none.
    """
    try:
        return rule(about)
    except CostError:
        raise
    except (Unknown, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None
