"""The command line: `keraslab lab [DIR] [-- options of JupyterLab]`.

Nothing heavy is imported before it is needed, so that `keraslab --help` is instant.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path

from keraslab import __version__

TOUR = "00_tour.ipynb"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        argv: the words after the program's name; those of this process when None.

    Returns:
        0 when all went well. `--help`, `--version` and a wrong option raise `SystemExit`.
    """
    own, jupyter = _split(sys.argv[1:] if argv is None else argv)
    parser = _parser()
    options = parser.parse_args(own)
    if options.command is None:
        parser.print_help()
        return 0
    try:
        return lab(options.dir, jupyter)
    except OSError as error:
        print(f"keraslab lab: {error}", file=sys.stderr)
        return 1


def lab(folder: Path, jupyter: Sequence[str] = ()) -> int:
    """Copy the notebooks to a folder and open JupyterLab on the tour.

    A file that is already there is kept as it is, and named.

    Args:
        folder: where the notebooks go; made when it is not there.
        jupyter: further options for JupyterLab, such as `--no-browser`.

    Returns:
        The exit status of JupyterLab.

    Raises:
        OSError: the folder cannot be made or written to.
    """
    copied, kept = copy_notebooks(folder)
    if copied:
        print(f"Copied to {folder}: {', '.join(copied)}")
    if kept:
        print(f"Kept as they were in {folder}: {', '.join(kept)}")
    if find_spec("sklearn") is None:
        print("The tour's digits come with scikit-learn: pip install 'keraslab[data]'")
    sys.stdout.flush()
    return _open_jupyterlab([str(folder / TOUR), *jupyter])


def copy_notebooks(folder: Path) -> tuple[list[str], list[str]]:
    """Copy the notebooks that came with the package, never over a file.

    Args:
        folder: where they go; made when it is not there.

    Returns:
        The names of the files that were copied, and of those that were already there.

    Raises:
        OSError: the folder cannot be made or written to.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     copied, kept = copy_notebooks(Path(folder))
        >>> TOUR in copied, kept
        (True, [])
    """
    copied: list[str] = []
    kept: list[str] = []
    for name, source in _files(_notebooks()):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            # "x" refuses to open a file that exists: there is no moment between look and write.
            with target.open("xb") as file:
                file.write(source.read_bytes())
        except FileExistsError:
            kept.append(name)
        else:
            copied.append(name)
    return copied, kept


def _split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split the words at the first `--`: ours before it, JupyterLab's after it."""
    words = list(argv)
    if "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="keraslab",
        description="An architecture lab for Keras Functional models in Jupyter.",
    )
    parser.add_argument("--version", action="version", version=f"keraslab {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    command = commands.add_parser(
        "lab",
        help="copy the notebooks and open JupyterLab on the tour",
        description="Copy the notebooks to DIR, never over a file, and open the tour.",
        usage="keraslab lab [-h] [DIR] [-- OPTIONS OF JUPYTERLAB]",
        epilog="Example: keraslab lab my-notebooks -- --no-browser --port=8899",
    )
    command.add_argument(
        "dir",
        nargs="?",
        type=Path,
        default=Path("keraslab-notebooks"),
        metavar="DIR",
        help="where the notebooks go (default: ./keraslab-notebooks)",
    )
    return parser


def _notebooks() -> Traversable:
    """Return the folder of notebooks: inside an installed package, beside it in a checkout."""
    package = resources.files("keraslab")
    for folder in (package / "notebooks", Path(str(package)).parent / "notebooks"):
        if (folder / TOUR).is_file():
            return folder
    raise FileNotFoundError(f"{TOUR} is missing from this installation of keraslab: reinstall it")


def _files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    """List the files of a folder and its subfolders, without hidden ones and the README's."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith((".", "__")) or entry.name == "images":
            continue
        if entry.is_dir():
            yield from _files(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry


def _open_jupyterlab(arguments: Sequence[str]) -> int:
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # As in a container, where Jupyter would refuse; it listens on loopback, with a token.
        arguments = [*arguments, "--allow-root"]
    # The kernel of this environment goes before one of the same name in the user's home.
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    # In this process: a server of its own would be one more Python in memory.
    from jupyterlab.labapp import main as jupyterlab

    return int(jupyterlab(list(arguments)) or 0)
