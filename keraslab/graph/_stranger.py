"""Which classes of a stranger's config may be made, and a box for those that may not."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import keras

from keraslab.graph import keras_internals
from keraslab.graph._data import TensorSpec

_RUN_FOREIGN_CODE = {"FlaxLayer", "JaxLayer", "Lambda", "TFSMLayer", "TorchModuleWrapper"}
_FUNCTIONS = ("activations", "initializers", "regularizers", "constraints", "losses", "metrics")
_DEEPEST = 100
_MOST_SPARE = 1_000_000

Config = Mapping[str, Any]


class Recorded(NamedTuple):
    """What a config tells of one call of a layer."""

    inputs: tuple[tuple[int | None, ...], ...] | None
    """None where it says nothing of them."""
    outputs: tuple[TensorSpec, ...]


class UnknownLayer(keras.Operation):  # type: ignore[misc]
    """A layer whose class must not or cannot run: its config, and the shapes others recorded."""

    def __init__(
        self, name: str, class_name: str, config: Config, recorded: Sequence[Recorded]
    ) -> None:
        super().__init__(name=name)
        # Underscored, since what an operation holds openly is shown as its settings.
        self._class_name = class_name
        self._given = config
        self._recorded = [call for call in recorded if call.outputs]

    @property
    def class_name(self) -> str:
        """The class that the config names."""
        return self._class_name

    @property
    def weightless(self) -> bool:
        """Whether it is known to have no weights."""
        return self._class_name == "Lambda"

    def get_config(self) -> dict[str, Any]:
        """The config as it was found."""
        return dict(self._given)

    def call(self, *_args: Any, **_kwargs: Any) -> Any:
        """Never runs."""
        raise RuntimeError(f"What {self.class_name} does is not known here.")

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The tensors that others took from it, as they recorded them."""
        leaves = keras.tree.flatten((args, kwargs))
        shapes = tuple([tuple(x.shape) for x in leaves if isinstance(x, keras.KerasTensor)])
        specs = next((c.outputs for c in self._recorded if c.inputs in (None, shapes)), None)
        if specs is None and self._recorded:
            # Given other sizes than it was recorded with, only the number of axes is known.
            outputs = self._recorded[0].outputs
            specs = tuple([TensorSpec((None,) * len(s.shape), s.dtype) for s in outputs])
        specs = specs or (TensorSpec((None,), "float32"),)
        tensors = [keras.KerasTensor(spec.shape, spec.dtype) for spec in specs]
        return tensors[0] if len(tensors) == 1 else tensors


def class_of(data: Config) -> Any | None:
    """The class that a serialised layer or operation names, where it may be made; else None."""
    registered, name = data.get("registered_name"), data.get("class_name")
    if isinstance(registered, str) and registered:
        known = keras.saving.get_registered_object(registered)
        if isinstance(known, type) and issubclass(known, keras.Operation):
            return known
    kind = _keras_class(data.get("module", "keras.layers"), name)
    if kind is None or not issubclass(kind, keras.Operation) or issubclass(kind, keras.Model):
        return None
    config = data.get("config")
    # A vocabulary given as text is the path of a file, which is not ours to open.
    if not isinstance(config, dict) or isinstance(config.get("vocabulary"), str):
        return None
    # Lookups make a list of as many entries.
    spare = config.get("num_oov_indices")
    if isinstance(spare, int) and spare > _MOST_SPARE:
        return None
    return kind


def _keras_class(module: Any, name: Any) -> type | None:
    """A class of Keras itself by module and name; nothing is imported for it."""
    if not isinstance(module, str) or not isinstance(name, str):
        return None
    top, *parts = module.split(".")
    found: Any = keras if top == "keras" else None
    for part in [*parts, name]:
        found = getattr(found, part, None) if isinstance(found, types.ModuleType) else None
    if not isinstance(found, type) or not found.__module__.startswith("keras."):
        return None
    return None if _RUN_FOREIGN_CODE & {base.__name__ for base in found.__mro__} else found


def cleaned(value: Any, depth: int = 0) -> tuple[Any, bool]:
    """A copy of a config's value without what must not or cannot be made.

    Returns:
        The copy, with None for each such object, and whether there was one.
    """
    if depth > _DEEPEST:
        return None, True
    if isinstance(value, (list, tuple)):
        pairs = [cleaned(item, depth + 1) for item in value]
        return type(value)(pair[0] for pair in pairs), any(pair[1] for pair in pairs)
    if not isinstance(value, dict):
        return value, False
    if "class_name" in value and not _may_be_made(value):
        return None, True
    kept = {k: v for k, v in value.items() if k not in ("build_config", "compile_config")}
    found = {key: cleaned(item, depth + 1) for key, item in kept.items()}
    return {key: pair[0] for key, pair in found.items()}, any(pair[1] for pair in found.values())


def _may_be_made(data: Config) -> bool:
    name, module = data["class_name"], data.get("module")
    if not isinstance(name, str) or name in ("__lambda__", "__typespec__"):
        return False
    if name.startswith("__"):
        return True
    registered = data.get("registered_name")
    if isinstance(registered, str) and keras.saving.get_registered_object(registered) is not None:
        return True
    if name == "function":
        called = data.get("config")
        if not isinstance(called, str):
            return False
        return any(callable(getattr(getattr(keras, m), called, None)) for m in _FUNCTIONS)
    return _keras_class(module, name) is not None


def taken_by_next(listed: list[Any], number: int) -> Iterator[TensorSpec]:
    """What the next layer of a Sequential model was built for."""
    following = listed[number + 1] if number + 1 < len(listed) else None
    built = following.get("build_config") if isinstance(following, dict) else None
    shape = built.get("input_shape") if isinstance(built, dict) else None
    if isinstance(shape, (list, tuple)) and all(s is None or type(s) is int for s in shape):
        yield TensorSpec(tuple(shape), "float32")


def first_line(error: BaseException) -> str:
    """What an error says, in short."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200]


def made_without_states(kind: Any, config: Config) -> Any | None:
    """A layer that keeps its states from batch to batch, or wraps one, made so that it does not.

    The states are no weights, but have values at once; without weights there are none. What
    the layer says of its settings stays what it was.

    Args:
        kind: The class of the layer.
        config: Its settings.

    Returns:
        The layer; None where none in it keeps states.
    """
    stateless = _without_states(kind, config)
    if stateless is None:
        return None
    made = kind.from_config(stateless)
    for part in keras_internals.parts_of(made):
        if part is not made and isinstance(part, keras.layers.RNN):
            keras_internals.with_config(part, part.get_config() | {"stateful": True})
    return keras_internals.with_config(made, config)


def _without_states(kind: Any, config: Config) -> dict[str, Any] | None:
    if issubclass(kind, keras.layers.RNN):
        return {**config, "stateful": False} if config.get("stateful") is True else None
    found = {}
    for key, data in config.items():
        inner = class_of(data) if isinstance(data, dict) else None
        changed = _without_states(inner, data["config"]) if inner is not None else None
        if changed is not None:
            found[key] = {**data, "config": changed}
    return {**config, **found} if found else None
