"""Sizes that are None while a model is built, and were taken for numbers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from keraslab.debug._evidence import Evidence, maker_of, shape_text, upstream
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._mend import changed_lines
from keraslab.debug._replay import Replay
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source, last_name
from keraslab.debug.errors._input_shapes import _afresh
from keraslab.debug.errors._rewriting import plain_fix, rewritten

_FILLED = ("zeros", "ones", "full")


@dataclass(frozen=True)
class _Size:
    """A size of a tensor that is None where a number was wanted."""

    node: ast.expr
    """The part of the failing expression that holds it."""
    tensor: Any
    said: str
    axis: int


@error_rule("KL520", "size-not-known-yet")
def size_not_known(rule: Rule, evidence: Evidence) -> Finding | None:
    """``x.shape[1] * 2`` or ``ops.zeros((x.shape[0], 8))`` where the size is None."""
    source, node = evidence.source, evidence.source.node if evidence.source else None
    told = "None" in evidence.text and evidence.kind in ("TypeError", "ValueError")
    if source is None or node is None or not told or evidence.training is not None:
        return None
    size = _size_in(evidence, node)
    if size is None:
        return None
    said, axis = size.said, size.axis
    text = source.text_of(size.node)
    if not isinstance(size.tensor, keras.KerasTensor):
        return _inside_a_call(rule, evidence, size, text)
    what = (
        "the number of samples in a batch" if axis == 0 else f"the size of {said} along axis {axis}"
    )
    shape = shape_text(size.tensor.shape)
    fixes = [fix for fix in _mends(evidence, size) if fix is not None]
    bare = evidence.name_of(size.tensor)
    cause, place = said, source.place_of(size.node)
    root = _root_of(size.tensor)
    if root is not None and axis > 0:
        cause = evidence.name_of(root) or maker_of(root).name
        made = evidence.made_at(maker_of(root))
        place = made[0].place_of(made[1]) if made is not None else place
        shape = shape_text(root.shape)
    elif bare:
        cause = bare
    return rule.finding(
        f"{text} is {what}, which is not known while the model is built: it is None, and no "
        "number to work with.",
        cause=Cause(cause, f"{cause} is {shape}, and ? stands for any size", place=place),
        tensors=evidence.named((size.tensor,)),
        fixes=tuple(fixes),
    )


def _inside_a_call(rule: Rule, evidence: Evidence, size: _Size, text: str) -> Finding | None:
    """The same in the call of an own layer, where the size can be asked for when it runs."""
    source = evidence.source
    if source is None or not isinstance(size.node, ast.Subscript):
        return None
    new = f"{source.written('ops', 'shape')}({size.said})[{size.axis}]"
    return rule.finding(
        f"{text} is not known while the model is built: it is None, and no number to work with.",
        cause=Cause(size.said, f"{text} is None here", place=source.place_of(size.node)),
        fixes=(plain_fix(source, "ask for it when the model runs", size.node, new),),
    )


def _size_in(evidence: Evidence, node: ast.expr) -> _Size | None:
    source = evidence.source
    assert source is not None
    for each in _parts(node):
        found = _size_of(evidence, each)
        if found is not None:
            return _Size(each, *found)
        if isinstance(each, ast.Name) and source.value_of(each) is None:
            bound = Replay(source, evidence.sources[1:]).binding(each.id)
            found = _bound_size(evidence, each.id, bound) if bound is not None else None
            if found is not None:
                return _Size(each, *found)
    return None


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    yield from (each for each in ast.walk(node) if isinstance(each, ast.expr))


def _size_of(evidence: Evidence, node: ast.expr) -> tuple[Any, str, int] | None:
    """The tensor and axis of ``x.shape[1]``, ``ops.shape(x)[1]``, ``x.shape[1:]``."""
    source = evidence.source
    if source is None or not isinstance(node, ast.Subscript):
        return None
    held: ast.expr | None = node.value
    if isinstance(held, ast.Name):
        held = Replay(source, evidence.sources[1:]).made(held)
    found = _shape_of(evidence, held)
    if found is None:
        return None
    tensor, said = found
    shape = tuple(tensor.shape)
    if isinstance(node.slice, ast.Slice):
        ends = [
            source.value_of(e) if e is not None else None
            for e in (node.slice.lower, node.slice.upper)
        ]
        if not all(each is None or isinstance(each, int) for each in ends):
            return None
        axes = list(range(len(shape)))[slice(*ends)]
    else:
        try:
            index = ast.literal_eval(node.slice)
        except ValueError:
            return None
        if not isinstance(index, int) or not -len(shape) <= index < len(shape):
            return None
        axes = [index % len(shape)]
    axis = next((a for a in axes if shape[a] is None), None)
    return (tensor, said, axis) if axis is not None else None


def _shape_of(evidence: Evidence, node: ast.expr | None) -> tuple[Any, str] | None:
    """The tensor of ``x.shape`` or ``ops.shape(x)``."""
    source = evidence.source
    assert source is not None
    inner = None
    if isinstance(node, ast.Attribute) and node.attr == "shape":
        inner = node.value
    elif (
        isinstance(node, ast.Call) and last_name(node.func) in ("shape", "int_shape") and node.args
    ):
        inner = node.args[0]
    if inner is None:
        return None
    value = source.value_of(inner)
    shape = getattr(value, "shape", None)
    if getattr(shape, "rank", 0) is None or not hasattr(shape, "__len__"):
        return None
    return value, source.text_of(inner)


def _bound_size(
    evidence: Evidence, name: str, bound: tuple[ast.stmt, ast.expr]
) -> tuple[Any, str, int] | None:
    """The size that a variable holds: ``n = x.shape[1]``, ``_, h, w, c = x.shape``."""
    statement, value = bound
    found = _size_of(evidence, value)
    if found is not None:
        return found
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple):
        names = [e.id if isinstance(e, ast.Name) else "" for e in statement.targets[0].elts]
        shaped = _shape_of(evidence, statement.value)
        if shaped is not None and name in names and len(names) == len(shaped[0].shape):
            axis = len(names) - 1 - names[::-1].index(name)
            return (*shaped, axis) if shaped[0].shape[axis] is None else None
    return None


def _mends(evidence: Evidence, size: _Size) -> Iterator[Fix | None]:
    source = evidence.source
    assert source is not None
    call = _call_around(source, size.node)
    name = last_name(call.func) if call is not None else ""
    if call is not None and name in _FILLED and size.axis == 0:
        yield _filled_like(evidence, call, name)
    if call is not None and name == "range" and size.axis == 0:
        yield _turns(evidence, size)
    if call is not None and name in ("Reshape", "reshape"):
        yield from _reshaped(evidence, size, call, name)
    yield _fixed_size(evidence, size)


def _call_around(source: Source, node: ast.AST) -> ast.Call | None:
    """The call that an expression is an argument of, or a part of one."""
    held: ast.AST | None = node
    while (held := source.parent_of(held) if held is not None else None) is not None:
        if isinstance(held, ast.Call) and last_name(held.func) not in ("int", "prod"):
            return held
        if isinstance(held, ast.stmt):
            return None
    return None


def _turns(evidence: Evidence, size: _Size) -> Fix | None:
    """As many turns as the axis is long that the loop goes along: ``x[:, t]``."""
    source = evidence.source
    assert source is not None
    loop: Any = size.node
    while loop is not None and not isinstance(loop, (ast.For, ast.comprehension)):
        loop = source.parent_of(loop)
    target = getattr(loop, "target", None)
    body = source.parent_of(loop) if isinstance(loop, ast.comprehension) else loop
    if not isinstance(target, ast.Name):
        return None
    axes: set[int] = set()
    for each in ast.walk(body or ast.Pass()):
        if isinstance(each, ast.Subscript) and source.text_of(each.value) == size.said:
            parts = each.slice.elts if isinstance(each.slice, ast.Tuple) else [each.slice]
            for axis, part in enumerate(parts):
                if isinstance(part, ast.Name) and part.id == target.id:
                    axes.add(axis)
                if not isinstance(part, ast.Slice):
                    break  # behind ... or None the axes are others
    shape = tuple(size.tensor.shape)
    if len(axes) != 1 or (axis := axes.pop()) >= len(shape) or not isinstance(shape[axis], int):
        return None
    text = f"{size.said}.shape[{axis}]"
    title = f"take the {shape[axis]} along axis {axis}, which the loop goes along"
    return rewritten(evidence, title, size.node, text)


def _filled_like(evidence: Evidence, call: ast.Call, name: str) -> Fix | None:
    """Zeros or ones of the form of a tensor that has a batch."""
    source = evidence.source
    assert source is not None
    written = call.args[0] if call.args else None
    if not isinstance(written, (ast.Tuple, ast.List)):
        return None
    replay = Replay(source, evidence.sources[1:])
    rest = tuple(replay.value(each) for each in written.elts[1:])
    if not all(isinstance(each, int) for each in rest):
        return None
    like = source.written("ops", f"{name}_like")
    more = "".join(f", {source.text_of(each)}" for each in call.args[1:])
    choices: list[str] = []
    for held, tensor in source.tensors():
        shape = tuple(tensor.shape)
        if shape[:1] != (None,) or "float" not in str(tensor.dtype):
            continue
        if shape[1:] == rest:
            choices.insert(0, held)
        elif len(shape) == len(rest) + 2 and shape[2:] == rest:
            choices.append(f"{held}[:, 0]")
        elif len(shape) == 2 and len(rest) == 1 and shape[1] is not None and shape[1] > rest[0]:
            choices.append(f"{held}[:, :{rest[0]}]")
    for each in choices:
        fix = rewritten(evidence, f"make it like {each}", call, f"{like}({each}{more})")
        if fix is not None:
            return fix
    return None


def _reshaped(evidence: Evidence, size: _Size, call: ast.Call, name: str) -> Iterator[Fix | None]:
    source = evidence.source
    assert source is not None
    tensor, rank = size.tensor, len(size.tensor.shape)
    place = 0 if name == "Reshape" else 1
    written = call.args[place] if len(call.args) > place else None
    flat = name == "Reshape" and isinstance(written, ast.Tuple) and len(written.elts) == 1
    if flat and 3 <= rank <= 5 and tensor.shape[-1] is not None:
        label = "".join(f"name={source.text_of(k.value)}" for k in call.keywords if k.arg == "name")
        text = source.layer(f"GlobalAveragePooling{rank - 2}D", label)
        yield plain_fix(source, "average over the positions", call, text)
        return
    if isinstance(written, (ast.Tuple, ast.List)):
        held = [e for e in written.elts if any(n is size.node for n in ast.walk(e))]
        if len(held) == 1:
            yield rewritten(evidence, "let Keras work it out: -1", held[0], "-1")


def _root_of(tensor: Any) -> Any | None:
    """The output of the one Input that a tensor comes from."""
    entries = [each for each in upstream([tensor]) if isinstance(each, layers.InputLayer)]
    unique = {id(each): each for each in entries}
    return next(iter(unique.values())).output if len(unique) == 1 else None


def _fixed_size(evidence: Evidence, size: _Size) -> Fix | None:
    """The Input with a number in place of None."""
    root = _root_of(size.tensor)
    made = evidence.made_at(maker_of(root)) if root is not None else None
    if root is None or made is None:
        return None
    source, call = made
    if evidence.source is None or source.file != evidence.source.file:
        return None
    shape: list[int | None] = list(root.shape)
    edit: Edit
    if size.axis == 0 and not any(k.arg == "batch_shape" for k in call.keywords):
        shape[0] = 32
        edit = source.keyword(call, "batch_size", "32", ("shape", "batch_size"))
    else:
        held = next((k.value for k in call.keywords if k.arg == "shape"), None)
        held = held if held is not None else (call.args[0] if call.args else None)
        if not isinstance(held, (ast.Tuple, ast.List)) or len(held.elts) != len(shape) - 1:
            return None
        unknown = [i for i, n in enumerate(shape) if n is None and i > 0]
        if not unknown:
            return None
        elements = [source.text_of(each) for each in held.elts]
        for axis in unknown:
            shape[axis], elements[axis - 1] = 32, "32"
        many = ", ".join(elements) + ("," if len(elements) == 1 else "")
        edit = source.replace(held, f"({many})")
    try:
        new = keras.KerasTensor(tuple(shape), dtype=root.dtype)
        known = _afresh(evidence, size.tensor, root, new).shape[size.axis] is not None
    except Exception:  # what leads to the tensor does not take another size
        return None
    if not known:
        return None
    title = "give the batch a fixed size" if size.axis == 0 else "give the input a fixed size"
    fix = Fix(f"{title} (32 stands for yours)", "", edits=(edit,))
    return Fix(fix.title, changed_lines(source.text, fix), edits=fix.edits)
