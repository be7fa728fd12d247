"""With data: are sequences filled up with zeros that the model then reads as words?"""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._head_mends import layer_code
from keraslab.debug._input_forms import lookups_after
from keraslab.debug._misfit import Array
from keraslab.debug._pairing import Slot, is_integer_valued, is_numeric, part_of
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug._tried import with_settings
from keraslab.debug.checks._calls import constants, is_keras, is_layer, listed
from keraslab.debug.checks._data import said_input
from keraslab.graph import Call

_READERS = ("RNN", "Bidirectional", "GlobalAveragePooling1D")
_ATTENTION = ("MultiHeadAttention", "GroupedQueryAttention", "Attention")
_MASKS = ("mask", "attention_mask", "query_mask", "value_mask", "key_mask")
_SAMPLES = 2000
"""Rows that are looked at."""
_TEXTS = 200
"""Texts that are turned to ids for it."""
_ENOUGH = 5
"""Rows of which at least some, and of several lengths, must be filled up."""


@silent_rule("KL790", "padding-read-as-tokens", "warning")
def padding_read_as_tokens(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Rows of ids that are filled up with zeros, and an Embedding that makes no mask of them."""
    for slot in subject.data.x.slots if subject.data is not None else ():
        ids, start = _ids(subject, slot)
        padding = _padding(ids) if ids is not None else None
        if padding is None or _is_masked_elsewhere(subject, start):
            continue
        side, share, rows = padding
        for call in lookups_after(subject.graph, start):
            if getattr(call.operation, "mask_zero", True) or not is_keras(call):
                continue
            readers = _readers(subject, call)
            if not readers:
                continue
            said = said_input(subject, slot)
            names = list(dict.fromkeys(_name(subject, reader) for reader in readers))
            yield rule.finding(
                f"{rows:,} rows of {said} {side} in zeros that fill them up ({share:.0%} of all "
                f"ids), and {call.name!r} has no mask_zero=True: {listed(names)} "
                f"{'reads' if len(names) == 1 else 'read'} them as if 0 were a word.",
                calls=(call.id, *[reader.id for reader in readers]),
                cause=Cause(call.name, f"{call.name!r} makes no mask of the zeros", call.id),
                fixes=_masking(subject, call),
                graph=subject.graph,
            )


def _name(subject: Subject, reader: Call) -> str:
    """The name of a layer; of each way of a ``Bidirectional``, that of the whole."""
    group = subject.graph.group_by_id.get(reader.group or "")
    one_way = reader.name.startswith(("forward_", "backward_"))
    return group.label if group is not None and one_way else reader.name


def _masking(subject: Subject, call: Call) -> tuple[Fix, ...]:
    fix = Fix(
        "leave the zeros out",
        layer_code(call, mask_zero=True),
        call.outputs[0].text,
        0,
    )
    return with_settings(subject, fix, call, mask_zero=True)


def _ids(subject: Subject, slot: Slot) -> tuple[Array | None, str]:
    """The ids that an input holds, or that text in it is turned to, and the call that gives them.

    Args:
        subject: The model and the data.
        slot: The input.
    """
    array, after = slot.array, subject.calls_after(slot.call)
    if array is None or array.ndim == 0 or len(slot.spec.shape) != 2:
        return None, slot.call
    if array.dtype.kind not in "OSU":
        return array, slot.call
    reads = after[0] if len(after) == 1 else None
    if reads is None or not is_layer(reads, "TextVectorization") or not is_keras(reads):
        return None, slot.call
    try:
        # Text goes in as a list, for an array of text is none that all take.
        text = array[:_TEXTS].reshape(-1).tolist()
        return np.asarray(reads.operation(text)), reads.id
    except Exception:  # it is not adapted yet, or this backend has no text
        return None, slot.call


def _padding(array: Array) -> tuple[str, float, int] | None:
    """At which end rows are filled up with zeros, the share of these, and how many rows.

    None where 0 stands among other ids too, or where all rows have one length.
    """
    if array.ndim != 2 or array.shape[1] < 3 or not is_numeric(array):
        return None
    rows = part_of(array)[:_SAMPLES]
    if not is_integer_valued(rows) or not rows.size or rows.min() < 0 or rows.max() < 2:
        return None
    zero = rows == 0
    some = ~zero.all(axis=1)
    zero = zero[some]
    for side, seen in (("end", zero[:, ::-1]), ("begin", zero)):
        run = np.logical_and.accumulate(seen, axis=1)
        lengths = run.sum(axis=1)
        filled = lengths > 0
        # A zero elsewhere is a token as any other.
        if not zero.any() or bool((seen & ~run).any()):
            continue
        if filled.sum() >= _ENOUGH and len(set(lengths.tolist())) > 1 and lengths.max() > 1:
            return side, float(zero.mean()), int(filled.sum())
    return None


def _is_masked_elsewhere(subject: Subject, start: str) -> bool:
    """Whether the ids go into more than lookups, so that a mask may be made of them."""
    waiting, seen = [start], set()
    while waiting:
        for call in subject.calls_after(waiting.pop()):
            if is_layer(call, "Embedding"):
                continue
            if call.type not in ("Reshape", "Cast", "Identity", "Squeeze") or not is_keras(call):
                return True
            if call.id not in seen:
                seen.add(call.id)
                waiting.append(call.id)
    return False


def _readers(subject: Subject, lookup: Call) -> list[Call]:
    """The layers that a mask would reach, and that would leave out what it covers."""
    found: dict[str, Call] = {}
    waiting, seen = [lookup], {lookup.id}
    while waiting:
        before = waiting.pop()
        for call in subject.calls_after(before.id):
            if call.id in seen:
                continue
            seen.add(call.id)
            if _is_told(call) or is_layer(call, "Masking"):
                return []  # it has a mask of its own
            if is_layer(call, *_READERS, *_ATTENTION):
                found[call.id] = call
                if is_layer(call, "GlobalAveragePooling1D") or not _gives_steps(call):
                    continue
            elif not _passes_mask(call):
                continue
            waiting.append(call)
    return list(found.values())


def _is_told(call: Call) -> bool:
    """Whether a layer is given a mask."""
    args, kwargs = constants(call)
    if any(kwargs.get(name) is not None for name in _MASKS):
        return True
    if is_layer(call, "RNN", "Bidirectional"):
        return any(getattr(each, "dtype", None) == "bool" for each in keras.tree.flatten(args))
    return False


def _gives_steps(call: Call) -> bool:
    return (
        bool(call.outputs)
        and bool(call.inputs)
        and (
            call.outputs[0].shape[:2] == call.inputs[0].shape[:2]
            and len(call.outputs[0].shape) == 3
        )
    )


def _passes_mask(call: Call) -> bool:
    """Whether a layer keeps the steps, and hands a mask of them on."""
    handed = call.kind == "layer" and getattr(call.operation, "supports_masking", False)
    return bool(handed) and is_keras(call) and _gives_steps(call)
