"""Objects on their way to another process: packed, placed once, and named where they cannot go."""

from __future__ import annotations

import inspect
import io
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any

import cloudpickle
import keras
import numpy as np

LARGE = 32_768
"""Bytes from which an array becomes a file of its own."""
ALIGNMENT = 16
"""Bytes that NumPy's own arrays begin at multiples of."""
DEEPEST = 20

WAY_OUT = (
    "Make it inside the function that builds the model, or put its class into a module that the "
    "workers can import and let it leave this out when it is pickled (__getstate__); layers also "
    "need get_config() and @keras.saving.register_keras_serializable(). "
    "executor=None sends nothing."
)


def pack(value: Any, what: str) -> bytes:
    """Pickle by value whatever other processes could not import.

    Args:
        value: What is to be sent.
        what: What a user would call it, for the error.

    Raises:
        TypeError: if something in it cannot be pickled: its class, where it sits, a way out.

    Example:
        >>> unpack(pack(lambda: 3, "the function"))()
        3
    """
    try:
        return bytes(cloudpickle.dumps(value))
    except Exception as error:
        raise cannot_be_sent(value, what, error) from error


def unpack(packed: bytes, buffers: Any = ()) -> Any:
    """What was packed, made anew.

    Raises:
        ModuleNotFoundError: if this process lacks a module; the error names ways out.
    """
    try:
        return pickle.loads(packed, buffers=buffers)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"The worker has no module {error.name!r}, which a model or the data need. Install it "
            "there, send the file (Dask: client.upload_file), or send its contents along: "
            f"cloudpickle.register_pickle_by_value({error.name})",
            name=error.name,
        ) from error


@dataclass(frozen=True)
class Parcel:
    """Something with arrays, packed so that they are never copied into a pickle.

    Each ``open()`` makes the objects anew around the same arrays.
    """

    packed: bytes
    buffers: tuple[Any, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "buffers", tuple(_aligned(each) for each in self.buffers))

    def __reduce__(self) -> tuple[type[Parcel], tuple[bytes, tuple[Any, ...]]]:
        return Parcel, (self.packed, self.buffers)

    @classmethod
    def of(cls, value: Any, what: str) -> Parcel:
        """Pack; the errors are those of ``pack``."""
        buffers: list[pickle.PickleBuffer] = []
        try:
            packed = cloudpickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        except Exception as error:
            raise cannot_be_sent(value, what, error) from error
        raw = tuple(np.frombuffer(each.raw(), "uint8") for each in buffers)
        return cls(bytes(packed), raw)

    def open(self) -> Any:
        """What was packed, made anew."""
        return unpack(self.packed, self.buffers)

    @property
    def nbytes(self) -> int:
        """Of all of it."""
        return len(self.packed) + sum(int(each.nbytes) for each in self.buffers)

    def __sizeof__(self) -> int:  # what a cluster plans its memory with
        return self.nbytes


def _aligned(raw: Any) -> Any:
    """The bytes where an array may begin; a network leaves them anywhere.

    Sums of an array that is not aligned are made in another order, and come out otherwise.
    """
    found = np.frombuffer(raw, "uint8")
    if found.ctypes.data % ALIGNMENT == 0 or not found.size:
        return found
    room = np.empty(found.size + ALIGNMENT, "uint8")
    begin = -room.ctypes.data % ALIGNMENT
    room[begin : begin + found.size] = found
    return room[begin : begin + found.size]


@dataclass(frozen=True)
class FolderParcel:
    """Something with arrays that lie as files in a folder, mapped into memory when opened."""

    folder: str

    @classmethod
    def of(cls, value: Any, what: str, folder: Path) -> FolderParcel:
        """Write the files.

        Raises:
            TypeError: as ``pack`` does.
            OSError: if the disk is full.
        """
        raw = io.BytesIO()
        pickler = _ToFiles(raw, folder)
        try:
            pickler.dump(value)
            (folder / "data.pickle").write_bytes(raw.getvalue())
        except OSError as error:
            raise OSError(
                f"The data for the workers cannot be written to {folder}: {error}. Set TMPDIR to "
                "a folder with room for them before Python starts."
            ) from error
        except Exception as error:
            raise cannot_be_sent(value, what, error) from error
        return cls(str(folder))

    def open(self) -> Any:
        """What was packed, made anew; changes of arrays stay in this process."""
        folder = Path(self.folder)
        return _FromFiles(io.BytesIO((folder / "data.pickle").read_bytes()), folder).load()


class _ToFiles(cloudpickle.Pickler):  # type: ignore[misc]
    """A pickler that leaves large arrays in files beside it."""

    def __init__(self, file: io.BytesIO, folder: Path) -> None:
        super().__init__(file, protocol=5)
        self._folder = folder
        self._seen: dict[int, tuple[Any, str]] = {}

    def persistent_id(self, value: Any) -> str | None:
        if type(value) not in (np.ndarray, np.memmap) or value.nbytes < LARGE:
            return None
        if value.dtype.isbuiltin != 1:  # such as bfloat16, which .npy does not know
            return None
        if value.dtype.hasobject:
            return None
        if id(value) not in self._seen:  # holding it, so that the id stays its own
            name = f"array-{len(self._seen)}.npy"
            np.save(self._folder / name, value, allow_pickle=False)
            self._seen[id(value)] = (value, name)
        return self._seen[id(value)][1]


class _FromFiles(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, folder: Path) -> None:
        super().__init__(file)
        self._folder = folder

    def persistent_load(self, name: str) -> Any:
        # Copied on writing: what a run changes is its own, and nothing warns of read-only data.
        return np.load(self._folder / name, mmap_mode="c").view(np.ndarray)


# Naming what cannot be pickled


@dataclass(frozen=True)
class _Place:
    value: Any
    text: str
    owner: Any = None


def cannot_be_sent(value: Any, what: str, error: BaseException) -> TypeError:
    """The error for a value that cannot be pickled, naming the innermost thing that cannot.

    Args:
        value: What was to be sent.
        what: What a user would call it.
        error: Of pickle.
    """
    place, reason = _innermost(_Place(value, ""), error)
    kind = _class_name(place.value)
    inside = f"in it, {place.text} is of class {kind}" if place.text else f"it is of class {kind}"
    if place.owner is not None:
        inside += f", in an object of class {_class_name(place.owner)}"
    reason_said = f"{type(reason).__name__}: {reason}".split("\n", 1)[0][:300]
    return TypeError(
        f"{what} cannot be sent to another process: {inside} ({reason_said}). {WAY_OUT}"
    )


def _innermost(place: _Place, error: BaseException) -> tuple[_Place, BaseException]:
    for _ in range(DEEPEST):
        for child in _children(place):
            fault = _fault(child.value)
            if fault is not None:
                place, error = child, fault
                break
        else:
            break
    return place, error


def _fault(value: Any) -> BaseException | None:
    try:
        cloudpickle.dumps(value)
    except Exception as error:
        return error
    return None


def _children(place: _Place) -> Iterator[_Place]:
    """What pickle would look into, with how to write each."""
    value, text = place.value, place.text
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield _Place(each, f"{text}[{key!r}]", place.owner)
    elif isinstance(value, list | tuple | set | frozenset):
        for index, each in enumerate(value):
            yield _Place(each, f"{text}[{index}]", place.owner)
    elif isinstance(value, MethodType):
        yield _Place(value.__self__, f"{text}.__self__" if text else "its object")
        yield _Place(value.__func__, text)
    elif isinstance(value, partial):
        yield _Place(value.func, text)
        yield _Place(value.args, f"{text}.args" if text else "args")
        yield _Place(value.keywords, f"{text}.keywords" if text else "keywords")
    elif isinstance(value, FunctionType):
        yield from _of_function(value)
    elif isinstance(value, type):
        for name, each in vars(value).items():
            if isinstance(each, FunctionType | staticmethod | classmethod | property):
                continue
            yield _Place(each, f"{value.__name__}.{name}", value)
    elif isinstance(value, keras.Model):
        for layer in value.layers:
            yield _Place(layer, f"the layer {layer.name!r}", value)
    elif not isinstance(value, ModuleType):
        yield from _of_object(place)


def _of_function(function: FunctionType) -> Iterator[_Place]:
    found = inspect.getclosurevars(function)
    for name, each in {**found.nonlocals, **found.globals}.items():
        yield _Place(each, name)
    for each in function.__defaults__ or ():
        yield _Place(each, f"a default of {function.__name__}()")
    for name, each in (function.__kwdefaults__ or {}).items():
        yield _Place(each, name)


def _of_object(place: _Place) -> Iterator[_Place]:
    try:
        reduced = place.value.__reduce_ex__(4)
    except Exception:  # then it is the one
        return
    if isinstance(reduced, str):
        return
    arguments, state = reduced[1], reduced[2] if len(reduced) > 2 else None
    for each in arguments:
        yield _Place(each, place.text, place.owner)
    before = place.text or "self"
    parts = state if isinstance(state, tuple) else (state,)  # a dict, or that and the slots
    for part in parts:
        for name, each in part.items() if isinstance(part, Mapping) else ():
            yield _Place(each, f"{before}.{name}", place.value)


def _class_name(value: Any) -> str:
    kind = value if isinstance(value, type) else type(value)
    module = kind.__module__
    return (
        kind.__qualname__
        if module in ("builtins", "__main__")
        else (f"{module}.{kind.__qualname__}")
    )
