"""Weights of samples as code, made of the targets of an output, and tried on them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from keraslab.debug._finding import Edit, Fix
from keraslab.debug._fit_case import FitCase
from keraslab.debug._fit_trial import takes
from keraslab.debug._heads import Head
from keraslab.debug._pairing import as_array, is_integer_valued, is_numeric
from keraslab.debug._reading_values import UnsureError

_MOST = 100_000
"""Samples up to which code is tried on all of them."""


_FIRST = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.Dict)


@dataclass(frozen=True, eq=False)
class By:
    """The targets of one output, and how they are written."""

    said: str
    array: np.ndarray[Any, Any]
    key: str
    """The output's name in a dict of targets."""

    @classmethod
    def of(cls, case: FitCase, y: Any, node: ast.expr | None, head: Head) -> By | None:
        """The targets of an output; None where they are not sure.

        Args:
            case: The training.
            y: All targets.
            node: The same as written.
            head: The output.
        """
        if isinstance(y, Mapping):
            if head.name not in y:
                return None
            key: Any = head.name
            keys = [getattr(each, "value", None) for each in getattr(node, "keys", ())]
            place = keys.index(key) if key in keys else None
            parts = node.values if isinstance(node, ast.Dict) else []
        elif isinstance(y, (list, tuple)):
            if len(y) != len(case.heads):
                return None
            key = place = head.index
            parts = node.elts if isinstance(node, (ast.List, ast.Tuple)) else []
        else:
            key, place, parts = None, None, []
        array = as_array(y if key is None else y[key])
        if array is None or not array.ndim or len(array) > _MOST:
            return None
        said = case.raw(node, "y")
        if key is not None:
            said = f"{said}[{key!r}]"
            if place is not None and place < len(parts):
                said = case.raw(parts[place], said)
        return cls(said, array, head.name)

    @property
    def is_classes(self) -> bool:
        """Whether they are class numbers, or one-hot rows."""
        if not is_numeric(self.array) or not is_integer_valued(self.array):
            return False
        if self.array.ndim < 2 or self.array.shape[1:] == (1,):
            return True
        rows = self.array.sum(-1) == 1
        return self.array.ndim == 2 and bool(rows.all() and self.array.min() >= 0)

    @property
    def _numbers(self) -> str:
        """The class of each sample, as code."""
        if self.array.ndim > 1 and self.array.shape[-1] != 1:
            return f"np.argmax({self.said}, axis=-1)"
        return f"np.ravel({self.said})"

    def weights(self, written: str) -> str:
        """A weight for each sample by its class, as code.

        Args:
            written: The weights of the classes, as written.
        """
        plain = isinstance(ast.parse(written, mode="eval").body, _FIRST)
        held = written if plain else f"({written})"
        return f"np.array([{held}.get(int(kind), 1.0) for kind in {self._numbers}])"

    def ones(self) -> str:
        """The weight 1 for each sample, as code."""
        return f"np.ones(len({self.said}))"

    def balanced(self) -> str:
        """Weights that are larger for rarer classes, as code."""
        numbers = self._numbers
        if self.array.dtype.kind not in "iu" and "argmax" not in numbers:
            numbers = f"{numbers}.astype(int)"
        classes = (
            self.array.shape[-1] if "argmax" in numbers else int(self.array.max(initial=0)) + 1
        )
        counts = f"np.maximum(np.bincount({numbers}), 1)"
        return f"dict(enumerate(len({self.said}) / ({classes} * {counts})))"


def keyword_of(case: FitCase, name: str) -> ast.keyword | None:
    """An argument of the call with its name, where it is written so."""
    for keyword in case.node.keywords if case.node is not None else ():
        if keyword.arg == name:
            return keyword
    return None


def weight_lengths(case: FitCase) -> dict[str, int]:
    """How many weights of samples there are, by what they are called."""
    given = case.arguments.get("sample_weight")
    parts = {"sample_weight": given}
    if isinstance(given, Mapping) and len(case.heads) > 1:
        parts = {f"sample_weight[{key!r}]": part for key, part in given.items()}
    elif isinstance(given, (list, tuple)) and len(case.heads) > 1:
        parts = {f"sample_weight[{index}]": part for index, part in enumerate(given)}
    arrays = {said: as_array(part) for said, part in parts.items()}
    return {said: len(a) for said, a in arrays.items() if a is not None and a.ndim}


def without(case: FitCase, keyword: ast.keyword) -> Edit | None:
    """The call without one of its arguments, and without the comma that goes with it."""
    source, call = case.evidence.source, case.node
    if source is None or call is None:
        return None
    parts = sorted([*call.args, *call.keywords], key=lambda part: source.chars(part)[:2])
    place = next(i for i, part in enumerate(parts) if part is keyword)
    own = source.chars(keyword)
    if place + 1 < len(parts):
        return source.cut(*own[:2], *source.chars(parts[place + 1])[:2])
    if place == 0:
        return source.cut(*own)
    return source.cut(*source.chars(parts[place - 1])[2:], *own[2:])


def in_structure(case: FitCase, texts: Mapping[str, str], like: Any) -> str:
    """Code for each output, in the structure of the model's outputs.

    Args:
        case: The training.
        texts: The code by the outputs' names.
        like: What was given; a tuple stays one.
    """
    if case.heads[0].key is not None:
        return f"{{{', '.join(f'{head.name!r}: {texts[head.name]}' for head in case.heads)}}}"
    inside = ", ".join(texts[head.name] for head in case.heads)
    return f"({inside})" if isinstance(like, tuple) else f"[{inside}]"


def targets_as_outputs(case: FitCase) -> str | None:
    """The targets in the structure of the model's outputs, as code; None where they are so.

    Weights of samples go the way of the targets, and Keras looks for both by the structure of the
    outputs.
    """
    y, node = case.arguments.get("y"), case.argument("y")
    if isinstance(y, Mapping) == (case.heads[0].key is not None):
        return None
    found = [By.of(case, y, node, head) for head in case.heads]
    texts = {by.key: by.said for by in found if by is not None}
    return in_structure(case, texts, None) if len(texts) == len(found) else None


def tried(
    case: FitCase, fix: Fix, texts: Mapping[str, str], names: Mapping[str, Any]
) -> Iterator[Fix]:
    """A change of the weights, where Keras takes what its code gives.

    Args:
        case: The training.
        fix: The change.
        texts: The code of the arguments that it gives, by their names.
        names: What stands for a value in them, as written, and the value; nothing of the person's
            runs, and what else the code has is of this module.
    """
    given = {**case.arguments, "sample_weight": None, "class_weight": None}
    try:
        for argument, text in texts.items():
            given[argument] = _made(text, names)
    except UnsureError:
        yield fix
        return
    except Exception:  # whatever it raises, it is not a change to offer
        return
    works = takes(case, given)
    if works is not False:
        yield replace(fix, tried=bool(works))


_OWN = {each.__name__: each for each in (len, int, dict, enumerate)}


def _made(text: str, names: Mapping[str, Any]) -> Any:
    """What code of this module gives, with values in place of what the person wrote."""
    held: dict[str, Any] = {"np": np}
    for index, said in enumerate(sorted(names, key=len, reverse=True)):
        held[f"_held_{index}"] = names[said]
        text = re.sub(rf"(?<![\w.'\"]){re.escape(said)}(?![\w'\"])", f"_held_{index}", text)
    tree = ast.parse(text, mode="eval")
    known = {*held, *_OWN, "kind"}
    if any(isinstance(node, ast.Name) and node.id not in known for node in ast.walk(tree)):
        raise UnsureError
    return eval(compile(tree, "<fix>", "eval"), {"__builtins__": _OWN, **held})
