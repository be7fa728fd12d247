"""More or fewer names on the left than a layer gives tensors."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import keras
from keras import layers

from keraslab.debug._evidence import Evidence, maker_of, shape_text
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._mend import changed_lines
from keraslab.debug._replay import Replay
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source, last_name
from keraslab.debug._syntax import keyword_of, literal
from keraslab.graph import skeleton

_ATTENTION = (layers.MultiHeadAttention, layers.GroupQueryAttention)
_ITERATED = "backend.common.keras_tensor:KerasTensor.__iter__"


@error_rule("KL607", "states-of-other-number")
def states_of_other_number(rule: Rule, evidence: Evidence) -> Finding | None:
    """``_, h, c = reader(x)`` where the layer gives five tensors, or one."""
    return _unpacked_otherwise(rule, evidence, sequences=True)


@error_rule("KL122", "unpacked-otherwise")
def unpacked_otherwise(rule: Rule, evidence: Evidence) -> Finding | None:
    """``a, b = both(x)`` where the model gives three tensors; ``h, w, c = x.shape``."""
    return _unpacked_otherwise(rule, evidence, sequences=False)


def _unpacked_otherwise(rule: Rule, evidence: Evidence, sequences: bool) -> Finding | None:
    source = evidence.source
    refused = evidence.kind == "ValueError" and "values to unpack" in evidence.text
    if source is None or not ((refused and not evidence.origin) or evidence.origin == _ITERATED):
        return None
    found = _unpacked(source)
    if found is None:
        return None
    names, written = found
    value = _value(evidence, written)
    if isinstance(value, keras.KerasTensor):
        alone = sequences and not refused
        return _one_tensor(rule, evidence, names, written, value) if alone else None
    if not isinstance(value, (list, tuple)) or not refused or len(value) == len(names.elts):
        return None
    if isinstance(written, ast.Attribute) and written.attr == "shape":
        if sequences:
            return None
        return _of_shape(rule, evidence, names, written, tuple(value))
    if not value or not all(isinstance(each, keras.KerasTensor) for each in value):
        return None
    maker = _layer_of(evidence, written) or maker_of(value[0])
    if isinstance(maker, (layers.RNN, layers.Bidirectional, *_ATTENTION)) is not sequences:
        return None
    made = Replay(source, evidence.sources[1:]).made(written) or written
    name = _called(evidence, made, maker)
    shapes = ", ".join(shape_text(each.shape) for each in value[:6])
    return rule.finding(
        f"{name} gives {len(value)} tensors{_what(maker, len(value))}, and {len(names.elts)} "
        f"names stand on the left.",
        cause=Cause(
            name, f"{name} gives {len(value)} tensors: {shapes}", place=source.place_of(made)
        ),
        tensors=evidence.named(tuple(value[:5])),
        fixes=tuple(_other_names(evidence, names, list(value), made, maker)),
    )


def _unpacked(source: Source) -> tuple[ast.Tuple | ast.List, ast.expr] | None:
    """The names on the left of the failing assignment, and what is on its right."""
    statement = source.statement
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target = statement.targets[0]
    if not isinstance(target, (ast.Tuple, ast.List)):
        return None
    if any(isinstance(each, ast.Starred) for each in target.elts):
        return None
    return target, statement.value


def _value(evidence: Evidence, node: ast.expr) -> Any:
    source = evidence.source
    assert source is not None
    held = source.value_of(node)
    if isinstance(held, (list, tuple, keras.KerasTensor)):
        return held
    if isinstance(node, ast.Attribute) and node.attr == "shape":
        return getattr(source.value_of(node.value), "shape", None)
    try:
        with skeleton():
            return Replay(source, evidence.sources[1:]).value(node)
    except Exception:  # a person's own function may raise anything when it is read again
        return None


def _layer_of(evidence: Evidence, node: ast.expr) -> Any | None:
    """The layer or model whose call an expression is, where one variable holds it."""
    source = evidence.source
    made = Replay(source, evidence.sources[1:]).made(node) if source is not None else None
    if source is None or not isinstance(made, ast.Call):
        return None
    held = source.value_of(made.func)
    if isinstance(held, keras.Layer):
        return held
    if isinstance(made.func, ast.Call):
        try:
            with skeleton():
                held = Replay(source, evidence.sources[1:]).value(made.func)
        except Exception:  # what cannot be read again stays unknown
            return None
    return held if isinstance(held, keras.Layer) else None


def _called(evidence: Evidence, made: ast.expr, maker: Any) -> str:
    """The variable of the layer, its own name, or what was called."""
    if isinstance(made, ast.Call) and isinstance(made.func, (ast.Name, ast.Attribute)):
        assert evidence.source is not None
        return evidence.source.text_of(made.func)
    if isinstance(made, ast.Call) and isinstance(made.func, ast.Call):
        # Read again, a layer gets another name than it had.
        given = literal(keyword_of(made.func, "name"))
        return given if isinstance(given, str) else last_name(made.func.func)
    return str(getattr(maker, "name", None) or "this")


def _what(maker: Any, many: int) -> str:
    """What the tensors of a layer are, where that is known."""
    both = isinstance(maker, layers.Bidirectional)
    inner = getattr(maker, "forward_layer", maker)
    if not isinstance(inner, layers.RNN):
        return ""
    states = (many - 1) // 2 if both else many - 1
    word = "state" if states == 1 else "states"
    each = " of each of its two directions" if both else ""
    return f" (the output and {states} {word}{each})"


def _other_names(
    evidence: Evidence, names: Any, value: list[Any], made: ast.expr, maker: Any
) -> Iterator[Fix]:
    source = evidence.source
    assert source is not None
    texts = [source.text_of(each) for each in names.elts]
    both = isinstance(maker, layers.Bidirectional)
    if len(texts) < len(value):
        rest = "*backward" if both and len(texts) == 1 + len(value) // 2 else "*rest"
        edit = _left(source, names, ", ".join([*texts, rest]))
        what = "of the other direction " if rest == "*backward" else ""
        yield _plain(source, f"keep what is left {what}in one more name", [edit])
        return
    if isinstance(maker, layers.GRU) and len(texts) == 3:
        call = _maker_call(evidence, made, maker)
        if call is not None and last_name(call.func) == "GRU":
            text = source.text_of(call.func)
            edit = source.replace(call.func, f"{text[: -len('GRU')]}LSTM")
            yield _plain(source, "use an LSTM, which keeps two states", [edit])
    dropped = {each.id for each in names.elts[len(value) :] if isinstance(each, ast.Name)}
    if any(isinstance(n, ast.Name) and n.id in dropped for n in _after(source, names)):
        return
    kept = ", ".join(texts[: len(value)])
    yield _plain(source, f"take the {len(value)} that there are", [_left(source, names, kept)])


def _maker_call(evidence: Evidence, made: ast.expr, maker: Any) -> ast.Call | None:
    """Where a layer was made: in place, or above."""
    if isinstance(made, ast.Call) and isinstance(made.func, ast.Call):
        return made.func
    source = evidence.source
    calls = source.makers_of(maker) if source is not None else []
    return calls[0] if len(calls) == 1 else None


def _after(source: Source, names: ast.AST) -> Iterator[ast.AST]:
    """What stands below a line."""
    line = source.chars(names)[2] + 1
    for node in ast.walk(source.tree or ast.Module([], [])):
        if getattr(node, "lineno", 0) > line:
            yield node


def _left(source: Source, names: Any, text: str) -> Edit:
    whole = source.text_of(names)
    return source.replace(names, f"({text})" if whole.startswith("(") else text)


def _plain(source: Source, title: str, edits: list[Edit]) -> Fix:
    fix = Fix(title, "", edits=tuple(edits))
    return Fix(title, changed_lines(source.text, fix), edits=fix.edits)


def _one_tensor(
    rule: Rule, evidence: Evidence, names: Any, written: ast.expr, value: Any
) -> Finding | None:
    """A layer that gives its output alone, where its states or scores were meant too."""
    source = evidence.source
    assert source is not None
    maker = _layer_of(evidence, written)
    replay = Replay(source, evidence.sources[1:])
    made = replay.made(written)
    if isinstance(written, ast.Name):
        bound = replay.binding(written.id)
        if bound is None or made is not bound[1] or _is_part(bound[0]):
            return None  # one of the tensors that a layer gives
    if maker is None or not isinstance(made, ast.Call):
        return None
    many, name = len(names.elts), _called(evidence, made, maker)
    inner = getattr(maker, "forward_layer", maker)
    fixes: list[Fix] = []
    if isinstance(maker, _ATTENTION) and many == 2:
        setting, what = "return_attention_scores", "scores"
        edit = source.keyword(made, setting, "True")
        fixes.append(_plain(source, "let it give its scores too", [edit]))
    elif isinstance(inner, layers.RNN):
        setting, what = "return_state", "states"
        call = _maker_call(evidence, made, maker)
        if isinstance(maker, layers.Bidirectional) and call is not None:
            call = call.args[0] if call.args and isinstance(call.args[0], ast.Call) else None
        states = len(inner.cell.state_size) if isinstance(inner, layers.LSTM) else 1
        gives = 1 + states * (2 if isinstance(maker, layers.Bidirectional) else 1)
        if call is not None and gives == many:
            edit = source.keyword(call, setting, "True")
            fixes.append(_plain(source, "let it give its states too", [edit]))
    else:
        return None
    return rule.finding(
        f"{name} gives its output alone ({shape_text(value.shape)}), for {setting} is False, and "
        f"{many} names stand on the left.",
        cause=Cause(name, f"{name} does not give its {what}", place=source.place_of(made)),
        tensors=evidence.named((value,)),
        fixes=tuple(fixes),
    )


def _is_part(statement: ast.stmt) -> bool:
    """Whether a statement gives a variable a part of a value."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return not targets or not all(isinstance(each, ast.Name) for each in targets)


def _of_shape(
    rule: Rule, evidence: Evidence, names: Any, written: ast.Attribute, shape: tuple[Any, ...]
) -> Finding | None:
    """``h, w, c = x.shape``, which has the batch in front."""
    source = evidence.source
    assert source is not None
    if len(names.elts) != len(shape) - 1 or not shape or shape[0] is not None:
        return None
    said = source.text_of(written.value)
    edit = source.replace(written, f"{source.text_of(written)}[1:]")
    return rule.finding(
        f"{said}.shape holds {len(shape)} sizes, the batch first ({shape_text(shape)}), and "
        f"{len(names.elts)} names stand on the left.",
        cause=Cause(said, "the batch is the first of its axes", place=source.place_of(written)),
        fixes=(_plain(source, "leave the batch out", [edit]),),
    )
