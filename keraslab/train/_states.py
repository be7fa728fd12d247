"""Where trainings that are gone on with later leave their states."""

from __future__ import annotations

import os
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keraslab.train._workers import Workers

_SHOWN = 3


def states_folder(lasting: Path | None, workers: Workers) -> Path:
    """The folder for states, which all workers see: weights do not travel through a scheduler.

    Args:
        lasting: Where they outlive this process; None for no such place.
        workers: Who trains.

    Returns:
        A folder that is there; one for the time being where the lasting one cannot be made.

    Raises:
        ValueError: if a worker does not see it, or may not write there.
    """
    try:
        folder, mark = _marked(lasting)
    except OSError:  # a disk that is read-only or full must not cost the comparison
        folder, mark = _marked(None)
    try:
        blind = workers.blind_to(mark)
    finally:
        mark.unlink(missing_ok=True)
    if blind:
        if folder != lasting:
            folder.rmdir()
        more = f" and {len(blind) - _SHOWN} more" if len(blind) > _SHOWN else ""
        raise ValueError(
            "compare(halving=True) goes on with trainings from their weights, which lie in the "
            f"folder {folder}. These workers do not see it, or may not write there: "
            f"{', '.join(blind[:_SHOWN])}{more}. Give store= a folder that all machines share, or "
            "leave out halving."
        )
    return folder


def _marked(lasting: Path | None) -> tuple[Path, Path]:
    """The folder, which is there now, and a file in it."""
    folder = lasting or Path(tempfile.mkdtemp(prefix="keraslab-halving-"))
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / f"seen-{uuid.uuid4().hex}"
    mark.touch()
    return folder, mark


def sees(mark: str) -> bool:
    """Whether this process sees a file, and may write beside it.

    Args:
        mark: The path of the file.
    """
    return os.path.isfile(mark) and os.access(os.path.dirname(mark), os.W_OK)
