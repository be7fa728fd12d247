"""What the arguments of the functions here may be, and the decorator that sees to it."""

import inspect
from collections.abc import Callable
from functools import update_wrapper
from numbers import Integral
from types import FunctionType
from typing import Any, ParamSpec, TypeVar

import keras

from keraslab.blocks._checks import check_activation, check_number
from keraslab.blocks._names import check_name

# Takes a value and what the error message calls it, `"unet(depth=...)"`; returns the value as
# Python's own number, since Keras refuses NumPy's for most of its settings.
Rule = Callable[[Any, str], Any]
P = ParamSpec("P")
R = TypeVar("R")


def at_least(least: int) -> Rule:
    """Return the rule for a whole number from `least` on."""

    def rule(value: Any, where: str) -> int:
        if not _is_whole(value) or value < least:
            raise ValueError(
                f"{where}: must be a whole number, {least} or more. Received: {value!r}."
            )
        return int(value)

    return rule


def number(**bounds: float) -> Rule:
    """Return the rule for a number within the bounds, see `check_number` of the blocks."""

    def rule(value: Any, where: str) -> float:
        check_number(value, where, **bounds)
        return float(value)

    return rule


def one_of(*choices: Any) -> Rule:
    """Return the rule for one of these words or whole numbers."""

    def rule(value: Any, where: str) -> Any:
        if (isinstance(value, str) or _is_whole(value)) and value in choices:
            return choices[choices.index(value)]
        listed = ", ".join(map(repr, choices))
        raise ValueError(f"{where}: must be one of {listed}. Received: {value!r}.")

    return rule


def maybe(rule: Rule) -> Rule:
    """Return the rule that takes `None` as well."""
    return lambda value, where: None if value is None else rule(value, where)


def function(example: str) -> Rule:
    """Return the rule for what can be called."""

    def rule(value: Any, where: str) -> Any:
        if not callable(value):
            raise TypeError(f"{where}: must be a function, such as {example}. Received: {value!r}.")
        return value

    return rule


def counts(value: Any, where: str) -> tuple[int, ...]:
    """Raise unless `value` is a list of one or more whole numbers of 1 or more."""
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError(
            f"{where}: must be a list of one or more, such as (16, 32). Received: {value!r}."
        )
    return tuple(count(each, where) for each in value)


def flag(value: Any, where: str) -> bool:
    """Raise unless `value` is true or false."""
    if isinstance(value, (list, str)) or value not in (True, False):
        raise ValueError(f"{where}: must be True or False. Received: {value!r}.")
    return bool(value)


def shape(axes: str, *examples: tuple[int, ...], unknown: slice = slice(0)) -> Rule:
    """Return the rule for a shape as long as an example; the axes `unknown` may be `None`."""

    def rule(value: Any, where: str) -> tuple[int | None, ...]:
        fine = isinstance(value, (list, tuple)) and len(value) in map(len, examples)
        free = range(len(value))[unknown] if fine else ()
        if not fine or not all(
            i in free if size is None else _is_whole(size) and size > 0
            for i, size in enumerate(value)
        ):
            raise ValueError(
                f"{where}: must be {axes}, such as {examples[0]}. Received: {value!r}."
            )
        return tuple(size if size is None else int(size) for size in value)

    return rule


def image_shape(value: Any, where: str) -> tuple[int | None, ...]:
    """Raise unless `value` is the shape of an image; its height and width may be `None`."""
    if channels_first():
        rule = shape("(channels, height, width)", (3, 224, 224), unknown=slice(1, None))
    else:
        rule = shape("(height, width, channels)", (224, 224, 3), unknown=slice(-1))
    sizes: tuple[int | None, ...] = rule(value, where)
    return sizes


def picture_shape(value: Any, where: str) -> tuple[int | None, ...]:
    """Raise unless `value` is the shape of a sequence, image or volume; sizes may be `None`."""
    return _picture(value, where, "one to three sizes", known=False)


def known_shape(value: Any, where: str) -> tuple[int | None, ...]:
    """Raise unless `value` is the shape of a sequence, image or volume of known size."""
    return _picture(value, where, "one to three known sizes", known=True)


def name(value: Any, where: str) -> str:
    """Raise unless `value` can name a model."""
    return check_name(value, where)


def activation(value: Any, where: str) -> str:
    """Raise unless `value` is the name of a Keras activation."""
    check_activation(value, where)
    return str(value)


natural = at_least(0)
count = at_least(1)
share = number(least=0, below=1)
factor = number(above=0)

# The same wherever a function has such an argument.
_EVERYWHERE: dict[str, Rule] = {
    "classes": count,
    "dropout": share,
    "activation": activation,
    "name": name,
}


def checked(**rules: Rule) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that checks the arguments of a function before it is called.

    Args:
        **rules: The rule of each argument; those of `classes`, `dropout`, `activation` and
            `name` are known.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        # As in the signature, so that the first wrong argument is the one named.
        order = {
            argument: rule
            for argument in signature.parameters
            if (rule := rules.get(argument, _EVERYWHERE.get(argument)))
        }
        if unknown := rules.keys() - order.keys():
            raise TypeError(f"{function.__name__} has no arguments {unknown}")

        def prepare(args: Any, kwargs: Any) -> inspect.BoundArguments:
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError:
                function(*args, **kwargs)  # Python's own words, which name the function
                raise
            bound.apply_defaults()
            for argument, rule in order.items():
                where = f"{function.__name__}({argument}=...)"
                bound.arguments[argument] = rule(bound.arguments[argument], where)
            return bound

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            bound = prepare(args, kwargs)
            return function(*bound.args, **bound.kwargs)

        # Doctest passes over functions whose globals are another module's; this needs none.
        made: Any = FunctionType(
            wrapper.__code__, function.__globals__, closure=wrapper.__closure__
        )
        return update_wrapper(made, function)

    return decorate


def check_heads(caller: str, width: int, heads: int) -> None:
    """Raise unless the heads of an attention can divide the width among themselves.

    Raises:
        ValueError: If they cannot.
    """
    if width % heads:
        raise ValueError(
            f"{caller}(width=...): must be a multiple of heads={heads}. Received: {width}; "
            f"{(width // heads + 1) * heads} works."
        )


def channels_first() -> bool:
    """Whether the channels of an image stand in front of its sizes."""
    return bool(keras.config.image_data_format() == "channels_first")


def _picture(value: Any, where: str, sizes: str, *, known: bool) -> tuple[int | None, ...]:
    if channels_first():
        axes, examples = f"the channels and {sizes}", [(1, 28, 28), (1, 28), (1, 28, 28, 28)]
        unknown = slice(1, None)
    else:
        axes, examples = f"{sizes} and the channels", [(28, 28, 1), (28, 1), (28, 28, 28, 1)]
        unknown = slice(-1)
    rule = shape(axes, *examples, unknown=slice(0) if known else unknown)
    made: tuple[int | None, ...] = rule(value, where)
    return made


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
