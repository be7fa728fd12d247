"""The data of a comparison: looked at, and a part of them held apart for the test."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keraslab.train._run_task import first_batch, is_arrays
from keraslab.train._task import Data

SHARE = 0.2
_LENGTHLESS = (
    "Runs can only be held to the same budget on data of a known length. Give arrays, or a "
    "keras.utils.PyDataset, which has a length."
)


@dataclass(frozen=True)
class Checked:
    """Data that are in order."""

    data: Data
    sentences: tuple[str, ...]
    """How they were divided."""
    example: tuple[Any, ...]
    """The first two examples of the training."""
    batches: int
    """Of an epoch."""
    examples: int
    """Of an epoch."""
    validation_examples: int


def checked_data(
    data: Any, test: Any, validation: Any, batch_size: int, *, halving: bool = False
) -> Checked:
    """Look at the data, and hold apart what is tested on.

    Args:
        data: ``(x, y)`` or ``(x, y, sample_weight)`` of arrays, or a dataset with a length.
        test: Likewise; None for the last fifth of the shuffled data.
        validation: Likewise, or a share of what is left; None for none.
        batch_size: Of arrays.
        halving: Whether there has to be a validation.

    Raises:
        TypeError: if something has no length.
        ValueError: if there are no examples, or not as many of each.
    """
    train = _part(data, "data")
    said = []
    if test is None:
        train, held = _split(train, SHARE, "test", seed=0)
        said.append(
            "Test data: the last fifth of the examples, once shuffled, the same for every run. "
            "Each run meets them once, when its training is over."
        )
    else:
        held = _part(test, "test")
        said.append("Test data: those given. Each run meets them once, when its training is over.")
    if validation is None and halving:
        validation = SHARE
    valid: tuple[Any, ...] | None = None
    if validation is not None:
        if isinstance(validation, bool) or (
            isinstance(validation, int | float) and not 0 < validation < 1
        ):
            raise ValueError(
                "compare(validation=...) takes a share between 0 and 1, or a pair (x, y). "
                f"Received: {validation!r}."
            )
        if isinstance(validation, int | float):
            train, valid = _split(train, float(validation), "validation", seed=1)
            said.append(
                f"Validation data: {validation:.0%} of the training examples, the same for every "
                "run; none of them is trained on."
            )
        else:
            valid = _part(validation, "validation")
            said.append("Validation data: those given, the same for every run.")
    batches, examples = _size(train, batch_size)
    batch = train if is_arrays(train) else _batch(first_batch(train[0]))
    example = tuple(keras.tree.map_structure(lambda leaf: leaf[:2], part) for part in batch)
    checked = Data(train, valid, held)
    counts = [f"{examples:,} examples in {batches:,} batches an epoch"]
    counts += [] if valid is None else [f"{_size(valid, batch_size)[1]:,} of validation"]
    counts += [f"{_size(held, batch_size)[1]:,} of test"]
    said.insert(0, f"The same data for every run: {', '.join(counts)}.")
    return Checked(
        checked,
        tuple(said),
        example,
        batches,
        examples,
        0 if valid is None else _size(valid, batch_size)[1],
    )


def _part(given: Any, name: str) -> tuple[Any, ...]:
    """A part of the data as ``(x, y)`` of arrays, or as a dataset alone."""
    if inspect.isgenerator(given) or (hasattr(given, "__next__") and not hasattr(given, "__len__")):
        raise TypeError(
            f"compare({name}=...) received a {type(given).__name__}, which has no length. "
            f"{_LENGTHLESS}"
        )
    if isinstance(given, tuple | list):
        if not 1 <= len(given) <= 3:
            raise ValueError(
                f"compare({name}=...) takes (x, y) or (x, y, sample_weight). Received: "
                f"{len(given)} values."
            )
        for each in given[:1]:
            if _is_dataset(each) or inspect.isgenerator(each):
                raise TypeError(
                    f"compare({name}=...) takes a dataset by itself, not within a tuple."
                )
        found = tuple(_arrays(each) for each in given if each is not None)
        _same_length(found, name)
        return found
    if not _is_dataset(given):
        raise TypeError(
            f"compare({name}=...) takes (x, y) of arrays, a keras.utils.PyDataset or a "
            f"tf.data.Dataset. Received: {type(given).__name__}."
        )
    try:
        length = len(given)
    except (TypeError, NotImplementedError) as error:
        raise TypeError(
            f"compare({name}=...): this {type(given).__name__} does not tell its length ({error}). "
            f"{_LENGTHLESS}"
        ) from None
    if not length:
        raise ValueError(f"compare({name}=...) holds no examples.")
    return (given,)


def _is_dataset(given: Any) -> bool:
    return isinstance(given, keras.utils.PyDataset) or hasattr(given, "element_spec")


def _arrays(given: Any) -> Any:
    """Arrays as NumPy has them, in the structure given."""
    if isinstance(given, dict):
        return {key: _arrays(value) for key, value in given.items()}
    if isinstance(given, list | tuple) and any(hasattr(each, "shape") for each in given):
        if all(np.ndim(each) for each in given):
            return [_arrays(each) for each in given]
        return np.asarray(given)  # a list of scalars
    if hasattr(given, "to_numpy"):
        return given.to_numpy()
    if keras.ops.is_tensor(given):
        return keras.ops.convert_to_numpy(given)
    return np.asarray(given)


def _same_length(part: tuple[Any, ...], name: str) -> None:
    counts: dict[str, int] = {}
    for what, each in zip(("x", "y", "sample_weight"), part, strict=False):
        for path, leaf in _paths(each, what):
            if not leaf.ndim:
                raise ValueError(
                    f"compare({name}=...): {path} is a single value. It takes arrays whose first "
                    "axis counts the examples."
                )
            counts[path] = len(leaf)
    if not counts or not max(counts.values()):
        raise ValueError(f"compare({name}=...) holds no examples.")
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{path} has {count:,}" for path, count in counts.items())
        raise ValueError(f"compare({name}=...) has not as many examples of each: {said}.")


def _paths(part: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(part, dict):
        return [each for key, leaf in part.items() for each in _paths(leaf, f"{path}[{key!r}]")]
    if isinstance(part, list):
        return [each for i, leaf in enumerate(part) for each in _paths(leaf, f"{path}[{i}]")]
    return [(path, part)]


def _split(
    part: tuple[Any, ...], share: float, name: str, seed: int
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    if not is_arrays(part):
        raise ValueError(
            f"compare({name}=...): a {type(part[0]).__name__} cannot be divided without meeting "
            f"its examples twice. Give another one for {name}=."
        )
    count = len(keras.tree.flatten(part[0])[0])
    held = max(1, int(count * share))
    if count - held < 1:
        raise ValueError(
            f"compare(...): {count} examples are too few to hold a part apart as {name} data."
        )
    order = np.random.default_rng(seed).permutation(count)

    def take(places: Any) -> tuple[Any, ...]:
        return tuple(keras.tree.map_structure(lambda leaf: leaf[places], each) for each in part)

    return take(order[:-held]), take(order[-held:])


def _size(part: tuple[Any, ...], batch_size: int) -> tuple[int, int]:
    """Batches and examples."""
    if is_arrays(part):
        count = len(keras.tree.flatten(part[0])[0])
        return -(-count // batch_size), count
    first = keras.tree.flatten(first_batch(part[0]))[0]
    return len(part[0]), len(part[0]) * len(first)


def _batch(batch: Any) -> tuple[Any, ...]:
    found = tuple(batch) if isinstance(batch, tuple | list) else (batch,)
    return tuple(keras.tree.map_structure(np.asarray, each) for each in found)
