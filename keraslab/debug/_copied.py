"""Changes of a model's wiring and layers, tried on a copy of the model before they are offered."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras

from keraslab.debug._again import Look, is_trying, mends, with_model
from keraslab.debug._finding import Fix
from keraslab.debug._plain import is_plain
from keraslab.debug._rules import Rule
from keraslab.debug._subject import Subject
from keraslab.debug._trial import nothing_left_behind, replaced
from keraslab.graph import is_skeleton, keras_internals, skeleton
from keraslab.graph._unbuilt import unbuilt
from keraslab.graph.keras_internals import compiled_with, functional_of

CALLS = 40
"""Calls of a model that is copied for a trial; each takes about two milliseconds."""
_WEIGHTS = 10_000_000
"""Weights of a model that is copied with them, for a moment twice."""
_MADE_HERE = ("keras.", "keraslab.")


@dataclass(frozen=True)
class Spot:
    """A call of the copy that is about to be made."""

    layer: Any
    """The copy of the layer or operation."""
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    made: Mapping[str, Any]
    """By the ids of the calls of the model itself, the first tensor of each that is made."""

    def as_it_was(self) -> Any:
        """What the call gives without a change."""
        return self.layer(*self.args, **self.kwargs)


Instead = Callable[[Spot], Any]
Make = Callable[[Any], Any]
"""Gives a copy of a layer; the way to give it other settings."""


class _NotCopiedError(Exception):
    """The model has parts that only their author's code can make again."""


def on_a_copy(
    rule: Rule,
    subject: Subject,
    fix: Fix,
    instead: Mapping[str, Instead],
    *,
    make: Make | None = None,
    look: Look | None = None,
    real: bool = False,
    before: Subject | None = None,
    data: tuple[Any, Any] | None = None,
    among: tuple[str, ...] = ("KL",),
) -> tuple[Fix, ...]:
    """A change of some calls, where the rule falls silent on a copy of the model with it.

    Args:
        rule: The rule that offers it.
        subject: The model.
        fix: The change.
        instead: For the id of a call of the model itself, what gives its tensors instead. Code
            of a fix is run by ``lines``.
        make: Makes a layer of the changed copy; None for one with the same settings.
        look: What to ask in the rule's place: the part of it that a trial can answer.
        real: Whether the copy needs weights: those of the model, where a layer is the same.
        before: What the rule is asked of without the change; None for a copy of the model.
        data: The samples and targets that the rule asks for.
        among: How the codes of the other rules begin that the change could wake.
    """
    model = subject.keras_model
    if model is None or is_trying(subject) or len(subject.graph.calls) > CALLS:
        return (fix,)
    if functional_of(model) is None:
        return (fix,)
    if real and (is_skeleton(model) or subject.graph.params > _WEIGHTS):
        return (fix,)
    if not (instead or make) or any("/" in call for call in instead):
        return (fix,)  # what lies in a nested model is written where that model is made
    try:
        with nothing_left_behind(), contextlib.nullcontext() if real else skeleton():
            if before is None:
                before = with_model(copied(model, {}, real=real), *(data or ()))
            try:
                after = with_model(copied(model, instead, make, real=real), *(data or ()))
            except _NotCopiedError:
                raise
            except Exception:  # whatever it raises, it is not a change to offer
                return ()
        works = mends(before, after, rule, look=look, among=among)
    except Exception:  # the model itself cannot be made again
        return (fix,)
    return () if works is False else (replace(fix, tried=bool(works)),)


def copied(
    model: Any, instead: Mapping[str, Instead], make: Make | None = None, *, real: bool = False
) -> Any:
    """A model of the same calls with layers of its own.

    Args:
        model: A Functional or Sequential model.
        instead: As for ``on_a_copy``.
        make: As for ``on_a_copy``.
        real: Whether it gets the weights of the model and is compiled as it is.
    """
    functional = functional_of(model)
    known: dict[int, Any] = {}
    made: dict[str, Any] = {}
    copies: dict[int, Any] = {}
    times: dict[str, int] = {}
    for node in keras_internals.nodes_of(functional):
        operation = keras_internals.operation_of(node)
        call = f"{operation.name}#{times.get(operation.name, 0)}"
        times[operation.name] = times.get(operation.name, 0) + 1
        old = keras_internals.tensors_out(node)
        if isinstance(operation, keras.layers.InputLayer):
            new: Any = keras.Input(
                batch_shape=old[0].shape, dtype=old[0].dtype, name=operation.name
            )
        else:
            args, kwargs = keras_internals.arguments_of(node)
            args, kwargs = replaced((tuple(args), dict(kwargs)), known)
            change = instead.get(call)
            if id(operation) not in copies and not (change is not None and _is_own(operation)):
                copies[id(operation)] = (make or copy_of)(operation)
            spot = Spot(copies.get(id(operation)), args, kwargs, made)
            new = spot.as_it_was() if change is None else change(spot)
        flat = keras.tree.flatten(new)
        if [tuple(tensor.shape) for tensor in flat] != [tuple(tensor.shape) for tensor in old]:
            raise ValueError(f"{call} gives other shapes than before.")
        made[call] = flat[0]
        known.update(zip(map(id, old), flat, strict=True))
    inputs, outputs = (
        keras.tree.map_structure(lambda tensor: known[id(tensor)], structure)
        for structure in (
            keras_internals.input_structure(functional),
            keras_internals.output_structure(functional),
        )
    )
    copy = keras.Model(inputs, outputs, name=model.name)
    if real:
        _take_weights(functional, copies)
        compiled = compiled_with(model)
        if compiled is not None:
            copy.compile(optimizer=None, loss=compiled.loss, loss_weights=compiled.loss_weights)
    return copy


def copy_of(operation: Any, **settings: Any) -> Any:
    """A layer or operation like another, with no weights yet; one of Keras' own only."""
    if _is_own(operation):
        raise _NotCopiedError(operation.name)
    try:
        config = operation.get_config()
    except NotImplementedError:
        return type(operation)(**keras_internals.settings_of(operation))
    return type(operation).from_config({**unbuilt(config), **settings})


def lines(
    text: str,
    result: str | tuple[str, ...],
    names: Callable[[Spot], Mapping[str, Any]],
    *,
    ours: bool = False,
) -> Instead:
    """The lines of a fix as what gives the tensors of a call.

    Args:
        text: The lines.
        result: The name that they give what results, or several.
        names: What the other names in them stand for.
        ours: Whether nothing in them but plain names and numbers comes from elsewhere.
    """

    def run(spot: Spot) -> Any:
        try:
            given = dict(names(spot))
        except LookupError as error:
            raise _NotCopiedError(text) from error
        if not ours and not is_plain(text, given):
            raise _NotCopiedError(text)
        given |= {"keras": keras, "layers": keras.layers}
        exec(compile(text, "<fix>", "exec"), given)
        return given[result] if isinstance(result, str) else [given[name] for name in result]

    return run


def _is_own(operation: Any) -> bool:
    """Whether someone else's code runs where it is made or called."""
    parts = keras_internals.parts_of(operation)
    return any(
        not type(part).__module__.startswith(_MADE_HERE) or isinstance(part, keras.layers.Lambda)
        for part in parts
    )


def _take_weights(functional: Any, copies: Mapping[int, Any]) -> None:
    for operation in functional.operations:
        copy = copies.get(id(operation))
        if not isinstance(copy, keras.Layer) or not operation.weights:
            continue
        same = copy.get_config() == operation.get_config()
        if same and [w.shape for w in copy.weights] == [w.shape for w in operation.weights]:
            copy.set_weights(operation.get_weights())
