"""The config in a ``.keras`` file, read within limits; its weights are not touched."""

from __future__ import annotations

import json
import os
import stat
import struct
import zipfile
import zlib
from typing import Any, BinaryIO

from keraslab.graph._check import ModelError

_LARGEST_CONFIG = 64 * 2**20
_LARGEST_DIRECTORY = 16 * 2**20
_MOST_PARTS = 2_000_000
"""Lists and dicts in a config; small as text, each takes far more memory once it is read."""
_CONFIG = "config.json"


def is_path(value: Any) -> bool:
    """Whether a value names a file."""
    return isinstance(value, (str, os.PathLike))


def config_of_file(path: str | os.PathLike[str]) -> tuple[dict[str, Any], str]:
    """The config of a model saved as ``.keras``.

    Args:
        path: The file.

    Returns:
        The config, and what to call it in an error.

    Raises:
        ModelError: There is no such file, it is no ``.keras`` file, it is damaged, or its config
            is larger than 64 MB.
    """
    shown = os.fspath(path)
    what = f"The file {str(shown)[-100:]!r}"
    if not str(shown).endswith(".keras"):
        raise ModelError(
            f"{what} is not named as a Keras model: only the config in a .keras file is read. "
            "Save the model with model.save('model.keras')."
        )
    try:
        # Opening what is no file, such as a pipe, may wait for ever.
        kind = os.stat(path).st_mode
        if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
            raise ModelError(f"{what} is no ordinary file.")
        with open(path, "rb") as file:
            _refuse_huge_directory(file, what)
            with zipfile.ZipFile(file) as archive:
                text = _read(archive, what)
    except FileNotFoundError as error:
        raise ModelError(f"{what} does not exist.") from error
    except OSError as error:
        raise ModelError(f"{what} cannot be read: {error.strerror or error}.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(
            f"{what} is no .keras file, or is damaged: it cannot be opened as a zip archive."
        ) from error
    if text.count(b"{") + text.count(b"[") > _MOST_PARTS:
        raise ModelError(
            f"{what} holds a {_CONFIG} of more than {_MOST_PARTS:,} parts, "
            "which is more than any model needs."
        )
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{what} holds a {_CONFIG} that is no JSON.") from error
    if not isinstance(config, dict):
        raise ModelError(f"{what} holds a {_CONFIG} that describes no model.")
    return config, what


def _read(archive: zipfile.ZipFile, what: str) -> bytes:
    try:
        info = archive.getinfo(_CONFIG)
    except KeyError:
        raise ModelError(f"{what} holds no {_CONFIG}: it is not a Keras model.") from None
    too_large = ModelError(
        f"{what} holds a {_CONFIG} of more than {_LARGEST_CONFIG // 2**20} MB, "
        "which is more than any model needs."
    )
    if info.file_size > _LARGEST_CONFIG:
        raise too_large
    try:
        with archive.open(info) as file:
            # What an archive says of its sizes need not be true.
            text = file.read(_LARGEST_CONFIG + 1)
    except (RuntimeError, NotImplementedError) as error:
        raise ModelError(f"{what} holds a {_CONFIG} that is encrypted or packed oddly.") from error
    if len(text) > _LARGEST_CONFIG:
        raise too_large
    return text


def _refuse_huge_directory(file: BinaryIO, what: str) -> None:
    """Look at the size of the archive's list of files before it is read into memory."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 70_000))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        raise zipfile.BadZipFile
    (length,) = struct.unpack_from("<I", tail, at + 12)
    if length == 0xFFFFFFFF and tail[at - 20 : at - 16] == b"PK\x06\x07":
        (place,) = struct.unpack_from("<Q", tail, at - 12)
        file.seek(min(place, size))
        (length,) = struct.unpack_from("<Q", file.read(56), 40)
    file.seek(0)
    if length > _LARGEST_DIRECTORY:
        raise ModelError(f"{what} lists far more files than a Keras model has.")
