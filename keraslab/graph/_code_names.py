"""Names for the variables of generated code."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata

_LONGEST = 24
RESERVED = frozenset({"keras", "layers", "ops", "np", "model", "base64", "functools", "zlib", "x"})
_KERAS = frozenset(
    {"activations", "constraints", "dtype_policies", "initializers", "quantizers", "regularizers"}
)


def snake_case(text: str) -> str:
    """A class name as Keras makes automatic names of it."""
    text = re.sub(r"\W+", "", text)
    text = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", text)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", text).lower()


def is_automatic(name: str, kind: str) -> bool:
    """Whether Keras gives this name to an object of this class by itself."""
    return re.fullmatch(re.escape(snake_case(kind)) + r"(_\d+)?", name) is not None


class Names:
    """Hands out names, each once."""

    def __init__(self) -> None:
        self.taken: set[str] = {*RESERVED, *_KERAS, *keyword.kwlist, *keyword.softkwlist}
        self.taken.update(dir(builtins))

    def new(self, wanted: str, otherwise: str = "value") -> str:
        """A name not given before, as near to the wanted one as a variable can be."""
        plain = unicodedata.normalize("NFKD", wanted).encode("ascii", "ignore").decode()
        plain = re.sub(r"\W+", "_", plain).strip("_").lower()[:_LONGEST].rstrip("_")
        if not plain or plain[0].isdigit():
            plain = f"{otherwise}_{plain}".rstrip("_")
        name, number = plain, 2
        while name in self.taken:
            name, number = f"{plain}_{number}", number + 1
        self.taken.add(name)
        return name
