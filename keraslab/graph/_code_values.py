"""Settings and constants as expressions of Python."""

from __future__ import annotations

import base64
import copy
import functools
import importlib
import inspect
import math
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from keraslab import blocks
from keraslab.blocks import Block
from keraslab.graph._code_layout import Apply, Expr, Row, Text, quoted
from keraslab.graph._code_names import snake_case
from keraslab.graph._facts import canonical

_IN_FULL = 16
_MOST = 4_000_000
_A_LAMBDA = "a function that was written as a lambda"


class CodeError(ValueError):
    """A model holds something that cannot be written as code; the message says what."""


class Values:
    """Writes values, and remembers what must be imported or supplied for them."""

    def __init__(self) -> None:
        self.imports: set[str] = set()
        self.needs: dict[str, str] = {}
        self.supplied: dict[str, Any] = {}
        """What is to stand under the names needed, where it is at hand."""
        self.layer: Callable[[Any], Expr] | None = None
        """Writes a layer or block inside another one."""

    def write(self, value: Any) -> Expr:
        """The expression that makes an equal value."""
        if isinstance(value, str):
            return Text(quoted(value))
        if value is None or isinstance(value, (bool, int)):
            return Text(repr(value))
        if isinstance(value, float):
            return Text(repr(value) if math.isfinite(value) else f'float("{value}")')
        if value is Ellipsis:
            return Text("...")
        if isinstance(value, slice):
            parts = [self.write(p) for p in (value.start, value.stop, value.step)]
            return Apply(Text("slice"), tuple([("", part) for part in parts]))
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, (list, tuple)):
            brackets = "()" if isinstance(value, tuple) else "[]"
            return Row(brackets[0], tuple([("", self.write(v)) for v in value]), brackets[1])
        if isinstance(value, (keras.Layer, Block)) and self.layer is not None:
            return self.layer(value)
        if isinstance(value, keras.DTypePolicy):
            return self.write(value.name)
        if hasattr(value, "shape") and hasattr(value, "dtype"):
            return self._array(value)
        if isinstance(value, type) or inspect.isroutine(value):
            return self.found(value)
        if type(value) is functools.partial:
            self.imports.add("import functools")
            items = [("", self.write(part)) for part in (value.func, *value.args)]
            items += [(f"{key}=", self.write(part)) for key, part in value.keywords.items()]
            return Apply(Text("functools.partial"), tuple(items))
        if isinstance(value, np.dtype):
            return self.write(value.name)
        if hasattr(value, "get_config"):
            return self._mapping(keras.saving.serialize_keras_object(value))
        return self.missing(f"{type(value).__name__}_value", f"a {type(value).__name__}", value)

    def _mapping(self, value: Mapping[Any, Any]) -> Expr:
        if "class_name" in value and "config" in value:
            return self._thing(value)
        entries = [(f"{key_text(key)}: ", self.write(item)) for key, item in value.items()]
        return Row("{", tuple(entries), "}")

    def _thing(self, value: Mapping[str, Any]) -> Expr:
        """A serialised object: an initialiser, a policy, a function, a layer."""
        kind, config = str(value["class_name"]), value["config"]
        if kind == "DTypePolicy":
            return self.write(config["name"])
        if kind in ("__numpy__", "__tensor__"):
            return self._array(np.array(config["value"], config["dtype"]))
        if kind == "__lambda__":
            return self.missing("function", _A_LAMBDA)
        if kind == "__tuple__" or not isinstance(config, Mapping):
            found = _find(value, str(config))
            return (
                self.found(found) if found is not None else self.missing(str(config), "a function")
            )
        found = _find(value, kind)
        if found is None:
            return self.missing(kind, "a class")
        if issubclass(found, keras.Layer):
            return self.write(keras.saving.deserialize_keras_object(copy.deepcopy(dict(value))))
        return self.made(found, config)

    def made(self, kind: Any, config: Mapping[str, Any]) -> Expr:
        """The constructor of a small object, with the settings that are no defaults."""
        name = snake_case(kind.__name__)
        given = self.arguments(kind, config, {})
        # Keras makes no Constant of its name alone.
        by_name = getattr(keras.initializers, kind.__name__, None) is kind and name != "constant"
        if not given and by_name:
            return self.write(name)
        return Apply(self.found(kind), tuple(given))

    def arguments(
        self, kind: Any, config: Mapping[str, Any], live: Mapping[str, Any]
    ) -> list[tuple[str, Expr]]:
        """The arguments of a constructor: what it cannot do without, and what is no default.

        Args:
            kind: The class.
            config: Its settings, as ``get_config()`` gives them.
            live: Objects to write in place of what the settings say.
        """
        try:
            parameters = list(inspect.signature(kind.__init__).parameters.values())[1:]
        except (TypeError, ValueError):
            parameters = []
        needed = [
            p.name
            for p in parameters
            if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]
        shown = [name for name in config if name in needed]
        shown += _not_usual(kind, shown, config, parameters)
        order = {p.name: place for place, p in enumerate(parameters)}
        written: list[tuple[str, Expr]] = []
        for name in sorted(shown, key=lambda name: order.get(name, len(order))):
            expr = self.write(live.get(name, _plain_size(name, config[name])))
            by_place = order.get(name) == len(written) and not any(k for k, _ in written)
            written.append(("" if by_place and name in needed else f"{name}=", expr))
        return written

    def found(self, value: Any) -> Expr:
        """A class or function by the name it can be imported under."""
        name, module = value.__name__, getattr(value, "__module__", None) or ""
        for room in _ROOMS:
            if getattr(_room(room), name, None) is value:
                if room == "keras":
                    return Text(f"keras.{name}")
                self.imports.add(f"from keras import {room.split('.')[0]}")
                return Text(f"{room}.{name}")
        if getattr(blocks, name, None) is value:
            self.imports.add("from keraslab import blocks as B")
            return Text(f"B.{name}")
        if name == "<lambda>":
            return self.missing("function", _A_LAMBDA, value)
        if "<" in value.__qualname__ or "." in value.__qualname__ or not name.isidentifier():
            return self.missing(name, f"{_kind_of(value)} that cannot be imported", value)
        if module in ("__main__", "") or module == "builtins":
            return self.missing(name, f"{_kind_of(value)} of this session", value)
        try:
            reachable = getattr(importlib.import_module(module), name, None) is value
        except Exception:  # a stranger's module may raise anything
            reachable = False
        if not reachable:
            return self.missing(name, f"{_kind_of(value)} that {module} does not offer", value)
        self.imports.add(f"from {module} import {name}")
        return Text(name)

    def missing(self, name: str, what: str, value: Any = None) -> Expr:
        """A name that whoever runs the code must supply."""
        name = name if name.isidentifier() and name.isascii() else "supplied_value"
        plain, number = name, 2
        while self.needs.get(name, what) != what or self.supplied.get(name, value) is not value:
            name, number = f"{plain}_{number}", number + 1
        self.needs[name], self.supplied[name] = what, value
        return Text(name)

    def _array(self, value: Any) -> Expr:
        plain = np.asarray(keras.ops.convert_to_numpy(value))
        dtype = keras.backend.standardize_dtype(value.dtype)
        if isinstance(value, np.generic) and dtype in ("float32", "int32", "bool"):
            return self.write(plain.item())
        if plain.nbytes > _MOST:
            what = f"an array of shape {plain.shape} and type {dtype}"
            return self.missing("constant", what, value)
        if plain.size > 1 and (plain == plain.flat[0]).all():
            self.imports.add("import numpy as np")
            size = self.write(tuple(int(size) for size in plain.shape))
            filled = self.write(plain.flat[0].item())
            items = (("", size), ("", filled), ("dtype=", Text(quoted(dtype))))
            return Apply(Text("np.full"), items)
        if dtype == "bfloat16" or plain.size <= _IN_FULL:
            inner = ("", self.write(plain.tolist()))
            self.imports.add("import numpy as np")
            return Apply(Text("np.array"), (inner, ("dtype=", Text(quoted(dtype)))))
        self.imports.update(("import base64", "import numpy as np", "import zlib"))
        packed = base64.b85encode(zlib.compress(np.ascontiguousarray(plain).tobytes(), 9)).decode()
        data = Apply(
            Text("zlib.decompress"),
            (("", Apply(Text("base64.b85decode"), (("", Text(quoted(packed))),))),),
        )
        row = Apply(Text("np.frombuffer"), (("", data), ("", Text(quoted(dtype)))))
        shape = self.write(tuple(int(size) for size in plain.shape))
        return Apply(Text("np.reshape"), (("", row), ("", shape)))


_ROOMS = (
    "layers",
    "keras",
    "initializers",
    "regularizers",
    "constraints",
    "activations",
    "dtype_policies",
    "quantizers",
    "ops",
    "ops.image",
    "ops.linalg",
    "ops.nn",
)


def _room(room: str) -> Any:
    return functools.reduce(getattr, room.split(".") if room != "keras" else [], keras)


def key_text(key: Any) -> str:
    """The key of a dict as code."""
    return quoted(key) if isinstance(key, str) else repr(key)


def _kind_of(value: Any) -> str:
    return "a class" if isinstance(value, type) else "a function"


def _find(value: Mapping[str, Any], name: str) -> Any:
    """The class or function that a serialised object names; None where there is none."""
    registered = value.get("registered_name")
    if registered:
        found = keras.saving.get_registered_object(registered)
        if found is not None:
            return found
    try:
        return getattr(importlib.import_module(value.get("module") or "keras"), name, None)
    except Exception:  # a stranger's module may raise anything
        return None


_EQUAL_SIDES = frozenset({"kernel_size", "strides", "pool_size", "dilation_rate", "size"})


def _plain_size(name: str, value: Any) -> Any:
    """One number for sizes that are the same on each axis."""
    if name in _EQUAL_SIDES and isinstance(value, (list, tuple)) and len(set(map(str, value))) == 1:
        return value[0]
    return value


def _not_usual(
    kind: Any, needed: list[str], config: Mapping[str, Any], parameters: list[inspect.Parameter]
) -> list[str]:
    """The settings that an object would not have if it was given only what it needs."""
    defaults = {p.name: canonical(p.default) for p in parameters if p.default is not p.empty}
    plain = {name: canonical(value) for name, value in config.items()}
    given = list(needed)
    # What one setting is left at may depend on another that is given: strides on pool size.
    for _ in range(3):
        usual = {**defaults, **_usual(kind, {name: config[name] for name in given})}
        more = [n for n in plain if n not in given and (n not in usual or usual[n] != plain[n])]
        if not more:
            break
        given += more
    return [name for name in given if name not in needed]


_KNOWN: dict[Any, dict[str, Any]] = {}


def _usual(kind: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of an object that is given no more than this; empty where none is made."""
    if not kind.__module__.startswith("keras."):
        return {}
    key = (kind, tuple([(name, canonical(value)) for name, value in given.items()]))
    try:
        if key not in _KNOWN:
            if len(_KNOWN) > 2000:
                _KNOWN.clear()
            _KNOWN[key] = _made_plainly(kind, given)
        return _KNOWN[key]
    except Exception:  # some classes need more than they say, or hold what cannot be compared
        return {}


def _made_plainly(kind: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    if any(_holds_layer(value) for value in given.values()):
        return {}
    extra = {"name": "keraslab", "dtype": "float32"} if issubclass(kind, keras.Layer) else {}
    # Some classes of Keras take entries out of the config they are made from.
    config = kind(**{**extra, **copy.deepcopy(dict(given))}).get_config()
    return {name: canonical(value) for name, value in config.items()}


def _holds_layer(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "class_name" in value and "trainable" in (value.get("config") or ())
    return isinstance(value, (list, tuple)) and any(map(_holds_layer, value))
