"""What a person calls the parts of a network, told by the names of the layers in them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

_NUMBER = re.compile(r"\d+([a-z])?(?=_|$)")
_LAST_NUMBER = re.compile(r"[_\-.]?\d+$|(?<=\d)[a-z]$")
_LEVELS = 4
_KINDS = 3
_LONGEST = 200
_LEAST_ALIKE = 4


def stems(names: Sequence[str | None], stem: str = "") -> Iterator[list[tuple[int, int, str]]]:
    """Ways to divide a sequence of names by the numbered stems they begin with.

    Args:
        names: The names in order; None where there is none.
        stem: A stem that is known already: longer ones are wanted.

    Yields:
        Stretches as (start, stop, stem), at least two of them; the shortest stems first.

    Example:
        >>> next(stems(["in", "block_1_conv", "block_1_add", "block_2_conv", "block_2_add"]))
        [(1, 3, 'block_1'), (3, 5, 'block_2')]
    """
    ladders = [_ladder(name) if name else () for name in names]
    if stem:
        known = len(stem)
        ladders = [
            tuple([s for s in ladder if len(s) > known and s.startswith(stem)])
            for ladder in ladders
        ]
    for level in range(_LEVELS):
        found = [ladder[level] if level < len(ladder) else None for ladder in ladders]
        rows = _rows(found)
        if rows:
            # The first of a kind often has no number: expanded_conv_add, expanded_conv_1_add;
            # a number may still stand further on: expanded_conv_squeeze_1.
            labels = {label for _, _, label in rows}
            forms = {plain for label in labels if (plain := unnumbered(label)) != stem}
            for place, name in enumerate(names):
                if name and found[place] not in labels and (not stem or not ladders[place]):
                    first = next((f for f in forms if name.startswith(f"{f}_")), None)
                    found[place] = first or (found[place] if ladders[place] else None)
            yield _rows(found, _first_of_kind(names, found, rows))


@lru_cache(maxsize=16_384)
def _ladder(name: str) -> tuple[str, ...]:
    """The stems of a name, shortest first: ``conv2``, ``conv2_block1``."""
    if "__" in name:
        return ()
    found = []
    for match in _NUMBER.finditer(name[:_LONGEST]):
        if match[1]:
            found.append(name[: match.end() - 1])
        found.append(name[: match.end()])
    return tuple(found)


def _first_of_kind(
    names: Sequence[str | None], found: list[str | None], rows: Sequence[tuple[int, int, str]]
) -> dict[str, str]:
    """Name the layers before the first part that are a part too, by another name alone.

    ``expanded_conv_depthwise``, ``expanded_conv_project`` before ``block_1_expand``,
    ``block_1_depthwise``, ``block_1_project``: what comes after the names is the same.

    Returns:
        For the name of such a part, which is written into ``found``, that of the parts after it.
    """
    start, stop, label = rows[0]
    tails = {n[len(label) + 1 :] for n in names[start:stop] if n and n.startswith(f"{label}_")}
    low = start
    best: tuple[int, str] = (start, "")
    last = names[start - 1] if start else None
    for stem in {last[: -len(t) - 1] for t in tails if last and t and last.endswith(f"_{t}")}:
        low = start
        while low and (n := names[low - 1]) and n.startswith(f"{stem}_"):
            if found[low - 1] is not None or n[len(stem) + 1 :] not in tails:
                break
            low -= 1
        best = min(best, (low, stem)) if stem else best
    low, stem = best
    if start - low < _LEAST_ALIKE:
        return {}
    found[low:start] = [stem] * (start - low)
    return {stem: unnumbered(label)}


def _rows(
    found: Sequence[str | None], kin: Mapping[str, str] | None = None
) -> list[tuple[int, int, str]]:
    """Stretches of one stem, unnamed ones between taken in, of stems that stay together.

    With ``kin``, a stem is told that is of the kind of others.
    """
    kin = kin or {}
    rows: list[tuple[int, int, str]] = []
    for position, stem in enumerate(found):
        if stem is None:
            continue
        if rows and rows[-1][2] == stem:
            rows[-1] = (rows[-1][0], position + 1, stem)
        else:
            rows.append((position, position + 1, stem))
    times = Counter(stem for _, _, stem in rows)
    good: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for start, stop, stem in rows:
        if times[stem] == 1 and stop - start > 1:
            good[kin.get(stem, unnumbered(stem))].append((start, stop, stem))
    forms = Counter(kin.get(stem, unnumbered(stem)) for stem in times)
    return sorted(
        row
        for form, several in good.items()
        if len(several) > 1 and 2 * len(several) >= forms[form]
        for row in several
    )


def unnumbered(name: str) -> str:
    """A name without the number at its end.

    Example:
        >>> unnumbered("conv3_block2"), unnumbered("block2a"), unnumbered("residual_1")
        ('conv3_block', 'block2', 'residual')
    """
    return _LAST_NUMBER.sub("", name)


def common_name(names: Sequence[str]) -> str | None:
    """What the names of a part's layers have in common, whole words only.

    Example:
        >>> common_name(["block_3_expand", "block_3_expand_BN", "block_3_project"])
        'block_3'
    """
    if len(names) < 2:
        return names[0] if names else None
    words = [name.split("_") for name in names]
    common = []
    for parts in zip(*words, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return "_".join(common) or None


def plural(labels: Sequence[str | None]) -> str | None:
    """What parts with these names are together: the name without its number.

    Example:
        >>> plural(["conv3_block2", "conv3_block3"]), plural(["res", "res"])
        ('conv3_block', 'res')
    """
    known = [label for label in labels if label]
    if len(known) < len(labels):
        return None
    if len(set(known)) == 1:
        return known[0]
    plain = set(map(unnumbered, known))
    if len(plain) == 1:
        return plain.pop() or None
    low, high = min(known), max(known)
    length = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    common = low[:length].rstrip("_-. ")
    return common if len(common) > 1 else None


def kinds(types: Sequence[str]) -> str:
    """A part without a name, by the kinds of layers in it.

    Example:
        >>> kinds(["Conv2D", "BatchNormalization", "Conv2D", "BatchNormalization", "ReLU"])
        'Conv2D + BatchNormalization + ReLU'
    """
    distinct = list(dict.fromkeys(types))
    more = " + …" if len(distinct) > _KINDS else ""
    return " + ".join(distinct[:_KINDS]) + more
