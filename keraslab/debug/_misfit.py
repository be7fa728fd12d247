"""Data that does not fit a model, with changes that were tried on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keraslab.debug._finding import Fix
from keraslab.debug._head_mends import other_layer, other_loss
from keraslab.debug._heads import Head
from keraslab.graph import Graph

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Mend:
    """A change of an array."""

    title: str
    code: str
    """An expression with ``{}`` for the array."""
    apply: Callable[[Array], Array]


@dataclass(frozen=True)
class Misfit:
    """What about an array does not fit."""

    kind: str
    message: str
    cause: str
    mends: tuple[Mend, ...] = ()
    losses: tuple[tuple[str, str], ...] = ()
    """Other losses that would fit: what it means, and the loss as code."""
    settings: tuple[tuple[str, dict[str, Any]], ...] = ()
    """Other settings of the last layer that would fit."""
    loss_first: bool = field(default=False)
    """Whether another loss is the better way out."""


def data_fixes(
    misfit: Misfit, array: Array, said: str, again: Callable[[Array], Misfit | None]
) -> list[Fix]:
    """The changes of the array that make it fit, each tried on its samples.

    Where one alone leaves it with another misfit, the next that mends that is offered with it.

    Args:
        misfit: What is wrong.
        array: The array.
        said: What it is called in code.
        again: Looks at a changed array once more.
    """
    found = []
    for mend in misfit.mends:
        step = _applied(mend, array, again)
        steps = [mend]
        if step is not None and step[1] is not None and step[1].kind != misfit.kind:
            for second in step[1].mends:
                both = _applied(second, step[0], again)
                if both is not None and both[1] is None:
                    step, steps = both, [mend, second]
                    break
        if step is None or step[1] is not None:
            continue
        title = ", then ".join(each.title for each in steps)
        code = "\n".join(f"{said} = {each.code.format(said)}" for each in steps)
        found.append(Fix(title, code, " × ".join(map(str, step[0].shape)), tried=True))
    return found


def _applied(
    mend: Mend, array: Array, again: Callable[[Array], Misfit | None]
) -> tuple[Array, Misfit | None] | None:
    """The array after a change, and what is still wrong with it; None where the change fails."""
    try:
        changed = np.asarray(mend.apply(array))
        return changed, again(changed)
    except Exception:  # a change that fails is not offered
        return None


def head_fixes(misfit: Misfit, heads: tuple[Head, ...], head: Head, graph: Graph) -> list[Fix]:
    """The changes of the loss and the last layer that make the labels fit."""
    found = [other_loss(heads, head, title, written) for title, written in misfit.losses]
    found += [other_layer(graph, head, title, **new) for title, new in misfit.settings]
    return [fix for fix in found if fix is not None]
