"""Are there as many arrays as inputs and outputs, under the right names, of one length?"""

from __future__ import annotations

from keraslab.debug._arrays import Data
from keraslab.debug._input_forms import fits_shape
from keraslab.debug._names import closest, count, listed
from keraslab.debug._pairing import Pairing


def structure_sentence(pairing: Pairing, said: str, what: str) -> tuple[str, str] | None:
    """What is wrong with the number or the names of arrays, and its cause; None for nothing.

    Args:
        pairing: The arrays.
        said: What they are called together: ``x``.
        what: ``"input"`` or ``"output"``.
    """
    names = [slot.name for slot in pairing.slots]
    has = f"the model has {count(len(names), what)}, {listed(names)}"
    if pairing.plain is not None:
        return (
            f"{said} is a list of plain values, which Keras takes for {pairing.given} arrays; "
            f"{has}.",
            f"{said} is no array",
        )
    if pairing.keys is not None and (pairing.missing or pairing.unknown):
        wrong = pairing.unknown or pairing.missing
        if pairing.missing and not pairing.unknown:
            return f"{said} lacks {listed(pairing.missing)}; {has}.", f"{wrong[0]!r} is missing"
        near = closest(wrong[0], pairing.missing or names)
        hint = f"{wrong[0]!r} may be meant for {near!r}" if near else f"no {what} is so called"
        if not pairing.missing:
            return None
        return f"{said} has the names {listed(pairing.keys)}, but {has}.", hint
    if pairing.counted_wrong:
        verb = "is" if pairing.given == 1 else "holds"
        return (
            f"{said} {verb} {count(pairing.given, 'array')}, but {has}.",
            f"each {what} needs its own array",
        )
    return None


def swapped(data: Data) -> bool:
    """Whether the inputs were given as targets and the targets as inputs."""
    if data.y is None or len(data.x.slots) != 1 or len(data.y.slots) != 1:
        return False
    first, second = data.x.slots[0], data.y.slots[0]
    if first.array is None or second.array is None:
        return False
    wrong = not fits_shape(first.array, first.spec.shape)
    return (
        wrong
        and fits_shape(second.array, first.spec.shape)
        and first.array.ndim <= len(second.spec.shape)
    )


def lengths(data: Data) -> dict[str, int]:
    """How many samples each array has, by what it is called."""
    found = {}
    for letter, pairing in (("x", data.x), ("y", data.y)):
        slots = pairing.slots if pairing is not None else ()
        for slot in slots:
            if slot.array is not None and slot.array.ndim:
                single = len(slots) == 1
                found[letter if single else f"{letter} for {slot.name!r}"] = len(slot.array)
    return found


def lengths_sentence(found: dict[str, int]) -> str | None:
    """A sentence on arrays of several lengths; None where all have one."""
    if len(set(found.values())) < 2:
        return None
    parts = [f"{said} has {number:,}" for said, number in found.items()]
    return f"{', '.join(parts[:-1])} and {parts[-1]} samples; each sample needs all of them."
