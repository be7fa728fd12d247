"""What every block is: a callable with settings that wires plain Keras layers under one name."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self, dataclass_transform

import keras

from keraslab.blocks import _wiring
from keraslab.blocks._calls import remember
from keraslab.blocks._fields import Signature, finish
from keraslab.blocks._inputs import check_inputs, describe
from keraslab.blocks._names import SEPARATOR, auto_name, check_name, other_name, snake_case
from keraslab.blocks._settings import same_settings
from keraslab.blocks._weights import is_real


@dataclass
class _Part:
    make: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    made: Any
    trial: _wiring.Trial | None  # in which it was made and may have got no weights


class _State:
    """What a block remembers beside its settings."""

    def __init__(self) -> None:
        self.born = _wiring.current_trial()
        self.given: str | None = None
        self.auto: str | None = None
        self.full: str | None = None
        self.parts: dict[str, _Part] = {}
        self.settled: dict[str, Any] = {}


@dataclass_transform(eq_default=False, field_specifiers=(field,))
@dataclass(eq=False, repr=False)
class Block:
    """A callable with settings that wires plain Keras layers under one name.

    A block of your own is a class with typed fields and a `wire` method; no decorator and no
    registration (`@dataclass(eq=False)` may stand above it and changes nothing). The first call
    makes the layers; every later call wires the same ones again, so their weights are shared.
    A model made with blocks holds Keras' own layers and nothing else: it is saved, loaded and
    trained where this package is not installed.

    Layers are called `block__part`, and `outer__inner__part` where blocks are nested. A block
    gets its own name from the first use: its `name`, or else one such as `residual_1` counted by
    Keras, is taken when it is called; a block that another one uses is called `outer__name`
    (`outer__part` where it has no name of its own) and keeps that name from then on.

    A call that fails takes back every part it made, in nested blocks too. Threads may call the
    same block; one waits for the other. Two blocks are never equal, whatever their settings.

    The layers made during a build without weights (`keraslab.skeleton()`) can be used in
    another model only after that build has been made real; before that, an error says so.

    Args:
        name: First part of all layer names: letters a-z, digits, `-` and single `_`.
            By default the class name in small letters, counted up where it is taken.

    Example:
        >>> import keras
        >>> from keras import layers as L
        >>> class Tower(Block):
        ...     units: int
        ...     depth: int = 2
        ...
        ...     def wire(self, x):
        ...         for i in range(self.depth):
        ...             x = self.use(f"dense{i}", L.Dense, self.units, activation="relu")(x)
        ...         return x
        >>> tower = Tower(8, name="tower")
        >>> a, b = keras.Input((4,)), keras.Input((4,))
        >>> model = keras.Model([a, b], [tower(a), tower(b)])
        >>> model.count_params()  # 4*8 + 8 and 8*8 + 8, once
        112
        >>> list(tower.parts)
        ['dense0', 'dense1']
        >>> tower.parts["dense0"].name
        'tower__dense0'
    """

    name: str | None = field(default=None, kw_only=True)

    __signature__ = Signature()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for base in reversed(cls.__mro__[1:]):
            if issubclass(base, Block):
                finish(base)

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self:
        """Make the block's memory, whatever a subclass does in `__init__`."""
        finish(cls)
        if cls.__eq__ is not object.__eq__ or cls.__hash__ is not object.__hash__:
            raise TypeError(
                f"{cls.__name__} compares by value, but two blocks are two sets of weights. "
                f"Remove its `__eq__`, and write `@dataclass(eq=False)` or no decorator."
            )
        self = object.__new__(cls)
        self._state = _State()
        return self

    _state: Any = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        """Check the name; a subclass that checks its own fields calls this too."""
        if self.name is not None:
            check_name(self.name, f"{type(self).__name__}(name=...)")

    def wire(self, *inputs: Any) -> Any:
        """Connect the parts. Every block writes its own.

        Args:
            *inputs: The symbolic tensors, or lists or dicts of them, of this call.

        Returns:
            A symbolic tensor, or a list or dict of them.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no `wire(self, x)` method that connects its parts."
        )

    def __call__(self, *inputs: Any) -> Any:
        """Wire the parts to `inputs`; the first call makes them, later calls share them.

        Args:
            *inputs: Symbolic tensors, or lists or dicts of them, as the block's `wire` takes.

        Returns:
            What `wire` returns: a symbolic tensor, or a list or dict of them.

        Raises:
            TypeError: If an input is no symbolic tensor, or there are more or fewer than the
                block takes.
        """
        check_inputs(self._title, self.wire, inputs)
        with _wiring.all_or_nothing():
            self._take_name()
            outputs = self.wire(*inputs)
            tensors = keras.tree.flatten(outputs)
            for value in tensors:
                if not isinstance(value, keras.KerasTensor):
                    raise TypeError(
                        f"{self._title}: `wire` must return a symbolic tensor, or a list or "
                        f"dict of them. Received: {describe(value)}."
                    )
            remember(self, inputs, outputs, tensors)
            return outputs

    def use(self, part_name: str, part: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Make a part on the first call, and find it again on later ones.

        Args:
            part_name: Name of the part in this block; the layer is called `block__part_name`.
            part: A layer, model or block class, or a function that takes `name=` and returns a
                layer, with its arguments after it; or a finished layer or model, which keeps
                its own name; or a finished block, which gets this block's name in front.
            *args: Arguments of the class or function.
            **kwargs: Keyword arguments of the class or function, without `name`.

        Returns:
            The layer, model or block.

        Raises:
            ValueError: If the name cannot be one, or the part was made with other settings.
            TypeError: If `part` is nothing that can be a part.
            RuntimeError: If the part was made in a build without weights and has none yet.

        Example:
            >>> import keras
            >>> block = Block(name="head")
            >>> layer = block.use("out", keras.layers.Dense, 3)
            >>> layer.name, block.use("out", keras.layers.Dense, 3) is layer
            ('head__out', True)
        """
        check_name(part_name, f"{type(self).__name__}.use({part_name!r}, ...)")
        with _wiring.all_or_nothing():
            self._take_name()
            known = self._state.parts.get(part_name)
            if known is None:
                return self._make(part_name, part, args, kwargs)
            if known.make is not part or not same_settings(
                part, (known.args, known.kwargs), (args, kwargs)
            ):
                old = _call(known.make, known.args, known.kwargs)
                raise ValueError(
                    f"{self._title}: part {part_name!r} is {old} and cannot become another one. "
                    f"Received: {_call(part, args, kwargs)}. "
                    f"Give it another part name, or use block.copy() for other settings."
                )
            self._check_weights(known)
            return known.made

    @property
    def parts(self) -> dict[str, Any]:
        """The layers, models and blocks made or taken so far, by part name (a copy)."""
        return {name: part.made for name, part in self._state.parts.items()}

    def copy(self, *, name: str | None = None) -> Self:
        """Return an independent block with the same settings and weights of its own.

        Blocks among the settings are copied too, and layers and models are made anew from
        their configuration, with new weights.

        Args:
            name: Name of the copy. By default the copy of an unnamed block is unnamed, and the
                copy of `tower` is `tower_1`, so that both fit into one model.

        Example:
            >>> import keras
            >>> tower = Block(name="tower")
            >>> tower.copy().name
            'tower_1'
        """
        return self._copy({}, name)

    def settle(self, what: str, value: Any, /, *, reason: str = "") -> Any:
        """Fix a fact about the inputs on the first call; a later call must agree with it.

        Args:
            what: What is fixed, for the error message, such as `"number of inputs"`.
            value: The fact in this call.
            reason: A sentence for the error message.

        Returns:
            The value of the first call.

        Raises:
            ValueError: If the value differs from that of the first call.
        """
        with _wiring.all_or_nothing():
            state = self._state
            if what not in state.settled:
                state.settled[what] = value
                _wiring.record(lambda: state.settled.pop(what, None), state.born)
            elif state.settled[what] != value:
                raise ValueError(
                    f"{self._title}: the {what} was {state.settled[what]!r} on the first call, "
                    f"and later calls share its layers. Received: {value!r}. {reason}".rstrip()
                )
            return state.settled[what]

    def __repr__(self) -> str:
        shown = [
            f"{f.name}={getattr(self, f.name)!r}" for f in self._settings() if f.name != "name"
        ]
        if self.name is not None:
            shown.append(f"name={self.name!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the layers: a pickled block is its settings, and makes its own."""
        values = {key: value for key, value in vars(self).items() if key != "_state"}
        return {**values, "name": self._given_name}

    @property
    def _given_name(self) -> str | None:
        return self._state.given if self._state.full is not None else self.name

    @property
    def _title(self) -> str:
        return type(self).__name__ + (f" {self.name!r}" if self.name else "")

    @classmethod
    def _settings(cls) -> list[Any]:
        return [f for f in fields(cls) if f.init]

    def _take_name(self, leaf: str | None = None, outer: str | None = None) -> None:
        state = self._state
        if state.full is not None:
            _wiring.reserve(state.full, state.born)
            return
        if self.name is not None:
            leaf = check_name(self.name, f"{type(self).__name__}(name=...)")
        if leaf is None:
            if state.auto is None:
                base = snake_case(type(self).__name__)
                state.auto = auto_name(base)
                while _wiring.is_reserved(state.auto):
                    state.auto = auto_name(base)
                # Kept when this call fails, so that the next one gets the same name.
                _wiring.record_trial(lambda: setattr(state, "auto", None), state.born)
            leaf = state.auto
        given = state.given = self.name
        state.full = self.name = f"{outer}{SEPARATOR}{leaf}" if outer else leaf

        def undo() -> None:
            state.full, self.name = None, given

        _wiring.record(undo, state.born)

    def _make(
        self, part_name: str, part: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        state = self._state
        where = f"{self._title}.use({part_name!r}, ...)"
        if "name" in kwargs:
            raise ValueError(f"{where}: the part name is the name. Leave out name=.")
        if isinstance(part, (Block, keras.Layer)):
            if args or kwargs:
                raise ValueError(f"{where}: {describe(part)} is finished and takes no settings.")
            made = part
        elif isinstance(part, type) and issubclass(part, Block):
            made = part(*args, **kwargs)
        elif callable(part):
            made = part(*args, **kwargs, name=f"{state.full}{SEPARATOR}{part_name}")
        else:
            made = None
        if not isinstance(made, (Block, keras.Layer)):
            raise TypeError(
                f"{where}: a part is a layer, model or block class with its arguments, or a "
                f"finished layer, model or block. Received: {describe(part)}."
            )
        if isinstance(made, Block):
            made._take_name(part_name, state.full)
        for other_name_, other in state.parts.items():
            if other.made is not made and other.made.name == made.name:
                raise ValueError(
                    f"{where}: part {other_name_!r} is already called {made.name!r}. "
                    f"Give one of them another name."
                )
        # Blocks look after their own parts, and finished layers are the caller's.
        ours = made is not part and not isinstance(made, Block)
        trial = _wiring.current_trial() if ours else None
        state.parts[part_name] = _Part(part, args, kwargs, made, trial)
        _wiring.record(lambda: state.parts.pop(part_name, None), state.born)
        return made

    def _check_weights(self, part: _Part) -> None:
        if part.trial is None or _wiring.current_trial() is not None:
            return
        if not is_real(part.made):
            raise RuntimeError(
                f"{self._title} made its layers in a build without weights (a skeleton). Make "
                f"that model real first with keraslab.materialize(model), or use block.copy()."
            )
        part.trial = None

    def _copy(self, memo: dict[int, Any], name: str | None = None) -> Self:
        if id(self) in memo:
            known: Self = memo[id(self)]
            return known
        given = self._given_name
        settings = {
            f.name: _copy_value(getattr(self, f.name), memo)
            for f in self._settings()
            if f.name != "name"
        }
        if name is None and given is not None:
            name = other_name(given)
        made = type(self)(**settings, name=name)
        memo[id(self)] = made
        return made


def _copy_value(value: Any, memo: dict[int, Any]) -> Any:
    if isinstance(value, Block):
        return value._copy(memo)
    if isinstance(value, keras.Layer):
        if id(value) not in memo:
            config = {**value.get_config(), "name": other_name(value.name)}
            memo[id(value)] = type(value).from_config(config)
        return memo[id(value)]
    if isinstance(value, Mapping):
        return {key: _copy_value(item, memo) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_copy_value(item, memo) for item in value)
    return value


def _call(make: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    if isinstance(make, (Block, keras.Layer)):
        return describe(make)
    shown = [repr(value) for value in args] + [f"{key}={value!r}" for key, value in kwargs.items()]
    return f"{getattr(make, '__name__', repr(make))}({', '.join(shown)})"
