"""Where data sets are read from: files beside this one, and optional packages."""

from importlib import import_module
from importlib.resources import files
from typing import Any


class MissingDataError(ImportError):
    """A data set's package is not installed; the message says how to get it."""


def lines(name: str) -> list[str]:
    """Return the lines of a text file that is part of keraslab."""
    text = files("keraslab.datasets").joinpath("data", name).read_text(encoding="utf-8")
    return text.splitlines()


def optional(module: str, package: str, data: str, extra: str = "data") -> Any:
    """Import a module of an optional package that holds a data set.

    Args:
        module: The module's name.
        package: The package to install for it.
        data: What the data set is called in the error message.
        extra: The extra of keraslab that brings the package.

    Raises:
        MissingDataError: If the package is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        # A package that is there and lacks a part of its own is another failure.
        if missing.name is None or missing.name.split(".")[0] != module.split(".")[0]:
            raise
        raise MissingDataError(
            f"{data} comes from the package {package!r}, which is not installed. "
            f"Install it with: pip install 'keraslab[{extra}]'",
            name=missing.name,
        ) from None
