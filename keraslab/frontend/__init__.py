"""The built JavaScript and its styles, as text."""

from functools import cache
from importlib.resources import files

__all__ = ["asset"]


@cache
def asset(name: str) -> str:
    """The text of one built file.

    Args:
        name: Its name in ``dist``, such as ``"engine.js"``.

    Raises:
        FileNotFoundError: If there is no such file.

    Example:
        >>> "Graphviz" in asset("LICENSES.txt")
        True
    """
    # Read as bytes: the WASM inside engine.js holds characters that a text reader would change.
    return files(__name__).joinpath("dist", name).read_bytes().decode("utf-8")
