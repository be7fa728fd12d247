"""Makes a class with typed fields a dataclass, whether or not its author wrote the decorator."""

import inspect
from dataclasses import dataclass
from typing import Any


def finish(cls: Any) -> None:
    """Make `cls` a dataclass unless it is one.

    This cannot be done in `__init_subclass__`, which runs before a decorator: a class that is
    decorated twice loses `kw_only`, `default_factory` and `init` of its fields.
    """
    if "__dataclass_fields__" not in vars(cls):
        dataclass(eq=False, repr=False)(cls)


class Signature:
    """What a notebook shows for `Residual(`: the fields, though `__init__` is made later."""

    def __get__(self, _instance: object, cls: Any) -> inspect.Signature:
        finish(cls)
        signature = inspect.signature(cls.__init__)
        return signature.replace(parameters=list(signature.parameters.values())[1:])
