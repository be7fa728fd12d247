"""Merges that get one tensor, too many, other batches, or sizes that a product does not take."""

from __future__ import annotations

import ast
import re
from typing import Any

import keras
from keras import layers

from keraslab.debug import _rewire as rewire
from keraslab.debug._evidence import Evidence, maker_of, shape_text
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._other_input import with_other_batch
from keraslab.debug._rewire import Step
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import last_name
from keraslab.debug._trial import stand_in
from keraslab.debug.errors._merge_parts import COMBINING, JOINING, from_maker, from_whom

_DOT = ("layers.merging.dot:Dot.*",)
_TWO = ("Subtract", "Dot")


@error_rule(
    "KL201", "merge-of-one", origins=(*JOINING, *COMBINING, *_DOT, "layers.merging.subtract:*")
)
def merge_of_one(rule: Rule, evidence: Evidence) -> Finding | None:
    """A merge layer called on one tensor, or on other than the two it takes."""
    failing = evidence.failing
    if failing is None or not _merges(failing.operation):
        return None
    operation = failing.operation
    first: Any = failing.args[0] if failing.args else None
    name, mender = type(operation).__name__, Mender(evidence)
    listed = isinstance(first, (list, tuple))
    if listed and len(first) > 1 and (name not in _TWO or len(first) == 2):
        return None
    if listed and len(first) > 2:
        return rule.finding(
            f"{name} takes two tensors, and here the list has {len(first)}.",
            cause=evidence.cause(
                operation, f"{operation.name!r} is called on {len(first)} tensors"
            ),
            fixes=_only_two(mender),
        )
    if listed and not first:
        message = f"{name} was called on an empty list; it merges the tensors that the list holds."
        return rule.finding(message, cause=evidence.cause(operation, "its list is empty"))
    fixes: list[Fix | None]
    if isinstance(first, dict):
        fixes = [_listed_values(mender)]
        message = f"{name} takes a list of tensors, and here it gets a dict."
    else:
        fixes = _with_partner(mender, evidence.tensors[0])
        message = (
            f"{name} was called on {evidence.says(evidence.tensors[0])} alone: a merge takes one "
            "list with all the tensors to be merged."
        )
    return rule.finding(
        message,
        cause=evidence.cause(operation, f"{operation.name!r} is not called on a list of tensors"),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _merges(operation: Any) -> bool:
    return isinstance(operation, (layers.Add, layers.Concatenate)) or hasattr(
        operation, "_merge_function"
    )


def _only_two(mender: Mender) -> tuple[Fix, ...]:
    source = mender.evidence.source
    node = source.node if source is not None else None
    written = node.args[0] if isinstance(node, ast.Call) and node.args else None
    edits: list[Edit | None] = [None]
    if source is not None and isinstance(written, ast.List) and len(written.elts) > 2:
        texts = [source.text_of(each) for each in written.elts[:2]]
        edits = [source.replace(written, f"[{', '.join(texts)}]")]

    def work(*stands: Any) -> Any:
        assert mender.evidence.failing is not None
        return mender.trial.copied(mender.evidence.failing.operation)(list(stands[:2]))

    fix = mender.offer("take the first two", edits, work, code="(...)([first, second])")
    return (fix,) if fix is not None else ()


def _listed_values(mender: Mender) -> Fix | None:
    source = mender.evidence.source
    node = source.node if source is not None else None
    edits: list[Edit | None] = [None]
    if source is not None and isinstance(node, ast.Call) and node.args:
        edits = [source.wrap(node.args[0], "list(", ".values())")]

    def work(*stands: Any) -> Any:
        assert mender.evidence.failing is not None
        return mender.trial.copied(mender.evidence.failing.operation)(list(stands))

    return mender.offer("give its tensors as a list", edits, work)


def _with_partner(mender: Mender, tensor: Any) -> list[Fix | None]:
    """The tensor merged with others that have a name here; or not merged at all."""
    evidence, source = mender.evidence, mender.evidence.source
    node = source.node if source is not None else None
    written = node.args[0] if isinstance(node, ast.Call) and node.args else None
    if source is None or written is None or isinstance(written, ast.Starred):
        return []
    inner = written.elts[0] if isinstance(written, ast.List) and written.elts else written
    text = source.text_of(inner)
    fixes: list[Fix | None] = []
    for name, other in source.tensors():
        if other is tensor or len(fixes) == 2:
            continue

        def work(stand: Any, other: Any = other) -> Any:
            assert evidence.failing is not None
            return mender.trial.copied(evidence.failing.operation)([stand, stand_in(other)])

        edits = [source.replace(written, f"[{text}, {name}]")]
        fix = mender.offer(f"merge it with {name}", edits, work)
        fixes += [fix] if fix is not None else []
    if node is not None:
        edits = [source.replace(node, text)]
        fixes.append(mender.offer("leave the merge out", edits, lambda stand: stand))
    return fixes


@error_rule("KL203", "merge-of-other-batches", origins=JOINING + COMBINING)
def other_batches(rule: Rule, evidence: Evidence) -> Finding | None:
    """Tensors whose batch sizes are fixed and differ."""
    sizes = {t.shape[0] for t in evidence.tensors if len(t.shape)} - {None}
    if len(sizes) < 2:
        return None
    fixed = [tensor for tensor in evidence.tensors if tensor.shape[0] is not None]
    said = " and ".join(f"{evidence.says(t)} ({shape_text(t.shape)})" for t in fixed[:2])
    mender = Mender(evidence)
    mixing = next(
        ((each, t) for t in fixed for each in evidence.upstream(t) if _mixes(evidence, each, t)),
        None,
    )
    fixes: list[Fix | None]
    if mixing is not None:
        operation, tensor = mixing
        cause: Cause | None = evidence.cause(
            operation,
            f"{operation.name!r} gives {shape_text(tensor.shape)}, whose first axis is no longer "
            "the batch",
        )
        fixes = [_kept_batch(mender, operation, tensor)]
    else:
        last = fixed[-1]
        found = from_maker(evidence, last)
        entry = next((e for e in evidence.upstream(last) if isinstance(e, layers.InputLayer)), None)
        cause = (
            evidence.cause(entry, f"the input {entry.name!r} has a fixed batch of {last.shape[0]}")
            if entry is not None
            else found
        )
        batch = fixed[0].shape[0]
        fixes = []
        if entry is not None:
            title = f"give {entry.name!r} a batch of {batch} too"
            fixes.append(with_other_batch(mender, title, entry, batch))
    return rule.finding(
        f"The first axis is the batch, and it differs: {said}; each sample of one has no partner "
        "in the other.",
        cause=cause,
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _mixes(evidence: Evidence, operation: Any, tensor: Any) -> bool:
    given = evidence.inputs_of(operation, tensor)
    made = next((m for m in [tensor] if maker_of(m) is operation), None)
    return bool(given) and made is not None and given[0].shape[0] != made.shape[0]


def _kept_batch(mender: Mender, operation: Any, tensor: Any) -> Fix | None:
    """A reshape whose first axis stays the batch."""
    given = mender.evidence.inputs_of(operation, tensor)
    if type(operation).__name__ != "Reshape" or not given or None in given[0].shape[1:]:
        return None
    size = 1
    for n in given[0].shape[1:]:
        size *= n
    batch = given[0].shape[0]
    new = (-1 if batch is None else batch, size)
    change = {id(operation): (operation, {"newshape": new})}
    return rewire.settings(mender, f"keep the batch: reshape to {new}", change)


@error_rule("KL207", "dot-of-other-sizes", origins=_DOT)
def dot_sizes(rule: Rule, evidence: Evidence) -> Finding | None:
    """A Dot along axes of other sizes, or along axes that are not there."""
    failing = evidence.failing
    if failing is None or len(evidence.tensors) != 2:
        return None
    operation, tensors = failing.operation, evidence.tensors
    axes = getattr(operation, "axes", None)
    both = tuple(axes) if isinstance(axes, (list, tuple)) else (axes, axes)
    if not all(isinstance(axis, int) for axis in both):
        return None
    makers = [from_whom(evidence, tensor) for tensor in tensors]
    names = [
        f"{evidence.says(t)} ({shape_text(t.shape)}{f', from {maker!r}' if maker else ''})"
        for t, maker in zip(tensors, makers, strict=True)
    ]
    there = [-len(t.shape) <= a < len(t.shape) for t, a in zip(tensors, both, strict=True)]
    sizes = [t.shape[a] if ok else None for t, a, ok in zip(tensors, both, there, strict=True)]
    if all(there) and (None in sizes or sizes[0] == sizes[1]):
        return None
    mender = Mender(evidence)
    fixes: list[Fix | None] = []
    ranks = [len(t.shape) for t in tensors]
    if tensors[0].shape[-1] == tensors[1].shape[-1]:
        fixes.append(mender.setting("multiply along the last axes", operation, axes=-1))
    for tensor, axis, ok, size in zip(
        reversed(tensors), both[::-1], there[::-1], sizes, strict=True
    ):
        if ok and size is not None and axis in (-1, len(tensor.shape) - 1):
            title = f"bring {evidence.says(tensor)} to {size} features"
            fixes.append(rewire.ahead(mender, title, tensor, [Step("Dense", (size,))]))
    if not all(there):
        said = f"axes={axes!r} is not there in {names[0]} and {names[1]}"
    else:
        said = (
            f"it multiplies along axis {both[0]} of {names[0]} and axis {both[1]} of {names[1]}, "
            f"and {sizes[0]} is not {sizes[1]}"
        )
    if not fixes and min(ranks) == 3 and all(there):
        fixes.append(_pooled_both(mender))
    return rule.finding(
        f"{operation.name!r} (Dot) sums products of equally many values, but {said}.",
        cause=evidence.cause(operation, f"axes={axes!r} of {operation.name!r}"),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _pooled_both(mender: Mender) -> Fix | None:
    return rewire.ahead(
        mender,
        "turn the second over",
        mender.evidence.tensors[1],
        [Step("Permute", ((2, 1),))],
    )


@error_rule("KL208", "added-array-of-other-size", origins=("ops.operation_utils:broadcast_shapes",))
def other_array(rule: Rule, evidence: Evidence) -> Finding | None:
    """A tensor of the model combined with an array of other sizes, such as positions."""
    failing, source = evidence.failing, evidence.source
    if failing is None or len(evidence.tensors) != 1 or len(failing.args) != 2:
        return None
    (tensor,) = evidence.tensors
    index = next(i for i, each in enumerate(failing.args) if each is not tensor)
    array = failing.args[index]
    shape = tuple(getattr(array, "shape", ()))
    if not shape or len(shape) > len(tensor.shape):
        return None
    ours = tuple(tensor.shape[-len(shape) :])
    wrong = [
        i for i, (n, m) in enumerate(zip(ours, shape, strict=True)) if n != m and None not in (n, m)
    ]
    wrong = [i for i in wrong if 1 not in (ours[i], shape[i])]
    if not wrong:
        return None
    mender = Mender(evidence)
    name = evidence.name_of(array) or "the array"
    fixes: list[Fix | None] = []
    node = source.expression_of(array) if source is not None else None
    axis = wrong[0]
    if source is not None and node is not None and shape[axis] > (ours[axis] or 0):
        cutting = ", ".join([*[":"] * axis, f":{ours[axis]}"])
        cut = tuple(slice(None, ours[i] if i == axis else None) for i in range(len(shape)))
        both: list[Any] = [array[cut], array[cut]]

        def work(stand: Any) -> Any:
            both[1 - index] = stand
            return mender.trial.copied(failing.operation)(*both)

        title = f"take the first {ours[axis]} of {name}"
        fixes.append(mender.offer(title, [source.wrap(node, "", f"[{cutting}]")], work))
    if axis == len(shape) - 1:
        width = shape[axis]
        title = f"bring {evidence.says(tensor)} to {width} features"
        steps = [Step("Dense", (width,))]

        def sized(stand: Any) -> Any:
            both = [array, array]
            both[1 - index] = rewire.applied(steps, stand)
            return mender.trial.copied(failing.operation)(*both)

        written = mender.layer("Dense", str(width))
        fixes.append(mender.around(title, [(tensor, written)], sized))
    return rule.finding(
        f"{evidence.says(tensor)} ({shape_text(tensor.shape)}) and {name} "
        f"({' × '.join(map(str, shape))}) do not go together: {ours[axis]} is not {shape[axis]}.",
        cause=from_maker(evidence, tensor),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


_FUNCTIONS = ("add", "average", "concatenate", "maximum", "minimum", "multiply", "subtract", "dot")


@error_rule("KL209", "merge-without-list")
def merge_without_list(rule: Rule, evidence: Evidence) -> Finding | None:
    """A function such as ``layers.add`` that gets its tensors one by one."""
    source = evidence.source
    node = source.node if source is not None else None
    if evidence.kind != "TypeError" or source is None or not isinstance(node, ast.Call):
        return None
    name = last_name(node.func)
    if name not in _FUNCTIONS or not re.match(rf"{name}\(\) takes \d+ positional", evidence.text):
        return None
    values = [source.value_of(each) for each in node.args]
    if len(values) < 2 or not all(isinstance(v, keras.KerasTensor) for v in values):
        return None
    texts = ", ".join(source.text_of(each) for each in node.args)
    line, column, *_ = source.chars(node.args[0])
    *_, last, end = source.chars(node.args[-1])
    fix = Mender(evidence).offer(
        "put the tensors into a list",
        [Edit(line, column, last, end, f"[{texts}]")],
        lambda *stands: getattr(layers, name)(list(stands)),
        values,
    )
    names = [evidence.says(value) for value in values]
    return rule.finding(
        f"{name}() merges the tensors of one list, and here {' and '.join(names)} come one by one.",
        tensors=evidence.named(tuple(values)),
        cause=Cause(name, f"{name}() takes one list of tensors", place=evidence.where),
        fixes=(fix,) if fix else (),
    )
