"""Writing a picture to a file, all of it or nothing."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def check_folder(path: Path, argument: str) -> None:
    """Refuse a path whose folder does not exist, before anything is drawn for it.

    Args:
        path: Where a file is to be written.
        argument: How the caller names that argument, for the message.

    Raises:
        FileNotFoundError: If its folder does not exist.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"{argument}: the folder must exist already. Received: {os.fspath(path)!r}."
        )


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file all at once: whoever reads it sees the old one or the new one.

    Args:
        path: Where to; a file of that name is replaced.
        content: Text, written as UTF-8, or bytes.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        # The temporary file is private; a saved picture has the rights of any new file.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
