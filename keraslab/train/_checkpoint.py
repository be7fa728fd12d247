"""A run's state after an epoch, in one file, and going on from it."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

SUFFIX = ".weights.h5"
_GROUP = "keraslab"
_EACH, _WHOLE = 4096, 65_536
"""Bytes that HDF5 takes at most beside the values of a variable, and of the file."""


@dataclass(frozen=True)
class State:
    """What a checkpoint tells besides weights."""

    epoch: int
    """Epochs finished, as Keras' ``initial_epoch`` counts them."""
    seed: int
    epochs: list[dict[str, float]] = field(default_factory=list)
    """The values of each epoch recorded."""
    numbers: list[int] = field(default_factory=list)
    """The number of each of these epochs, from 0."""
    times: list[float] = field(default_factory=list)
    """Seconds from the begin to the end of each."""


def checked(path: str | os.PathLike[str], argument: str) -> Path:
    """The path of a checkpoint, with what is wrong with it said.

    Args:
        path: as it was given.
        argument: the name of the argument.

    Raises:
        ValueError: if it does not end as Keras wants files of weights to end.
        FileNotFoundError: if its folder does not exist.
    """
    found = Path(path).expanduser()
    if not found.name.endswith(SUFFIX):
        raise ValueError(
            f"kl.fit({argument}=...) takes a path that ends in {SUFFIX}, as Keras names files of "
            f"weights. Received: {os.fspath(path)!r}."
        )
    if not found.parent.is_dir():
        raise FileNotFoundError(f"kl.fit({argument}=...): there is no folder {found.parent}.")
    return found


def write(path: Path, model: Any, state: State) -> None:
    """Write weights, optimizers, seeds of layers and the state, or leave the file as it was."""
    import h5py  # type: ignore[import-untyped, unused-ignore]

    draft = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        _reserve(draft, _bound(model, state))
        model.save_weights(draft, overwrite=True)
        with h5py.File(draft, "a") as file:
            group = file.create_group(_GROUP)
            group["state"] = np.frombuffer(json.dumps(vars(state)).encode(), dtype="uint8")
            for place, seed in enumerate(_seeds(model)):
                group[f"seed{place}"] = keras.ops.convert_to_numpy(seed)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def read(path: Path, model: Any) -> State:
    """Put a checkpoint into a model.

    Args:
        path: of the file.
        model: the model that was trained, built and compiled again.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is none of ours, or the model or its optimizer does not fit it.
    """
    import h5py

    if not path.is_file():
        raise FileNotFoundError(f"kl.fit(resume=...): there is no file {path}.")
    if not model.built:
        raise ValueError(
            f"kl.fit(resume={str(path)!r}) needs the model's weights to exist. Call the model "
            "once on a batch, or give it an Input, before you resume."
        )
    try:
        with h5py.File(path, "r") as file:
            group = file[_GROUP]
            state = State(**json.loads(bytes(group["state"][()])))
            seeds = [group[f"seed{place}"][()] for place in range(len(group) - 1)]
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise ValueError(
            f"kl.fit(resume=...): {path} holds no run to go on with. It must have been written by "
            "kl.fit(checkpoint=...); weights alone are loaded by model.load_weights."
        ) from error
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and not optimizer.built:
        optimizer.build(model.trainable_variables)
    own = _seeds(model)
    if len(own) != len(seeds):
        raise ValueError(
            f"kl.fit(resume=...): the model has {len(own)} layers with random numbers of their "
            f"own, and the one that was trained had {len(seeds)}. Build the same model again."
        )
    with warnings.catch_warnings():
        # Keras only warns that an optimizer starts anew; the numbers would not be the same.
        warnings.filterwarnings("error", message="Skipping variable loading", category=UserWarning)
        try:
            model.load_weights(path)
        except (UserWarning, ValueError) as error:
            raise ValueError(
                f"kl.fit(resume=...): the model or its optimizer does not fit {path}. Build and "
                "compile the model as it was, and call optimizer.build(variables) for optimizers "
                f"of its own. Keras says: {error}"
            ) from error
    for variable, value in zip(own, seeds, strict=True):
        variable.assign(value)
    return state


def _reserve(path: Path, size: int) -> None:
    """Make sure of room on the disk: where HDF5 finds none, it may end the whole process.

    Raises:
        OSError: if there is none.
    """
    if hasattr(os, "posix_fallocate"):
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    elif shutil.disk_usage(path.parent).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def _bound(model: Any, state: State) -> int:
    """Bytes that a checkpoint takes at most."""
    optimizer = getattr(model, "optimizer", None)
    variables = [*model.variables, *getattr(optimizer, "variables", ())]
    values = sum(math.prod(each.shape) * (8 if "64" in each.dtype else 4) for each in variables)
    said = len(json.dumps(vars(state)))
    return int(values) + said + _EACH * len(variables) + _WHOLE


def _seeds(model: Any) -> list[Any]:
    """Where layers such as Dropout keep how far their random numbers are."""
    return [each for each in model.variables if each.name == "seed_generator_state"]
