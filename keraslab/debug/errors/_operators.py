"""What is no symbolic tensor on the left of ``+``, ``*``, ``>`` ... of one."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._mend import Mender, changed_lines
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import UNKNOWN, Source
from keraslab.debug._trial import stand_in
from keraslab.debug.errors._rewriting import importing

_SIGNS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Add: ("+", "add"),
    ast.Sub: ("-", "subtract"),
    ast.Mult: ("*", "multiply"),
    ast.Div: ("/", "divide"),
    ast.FloorDiv: ("//", "floor_divide"),
    ast.Mod: ("%", "mod"),
    ast.Pow: ("**", "power"),
    ast.MatMult: ("@", "matmul"),
    ast.BitAnd: ("&", "logical_and"),
    ast.BitOr: ("|", "logical_or"),
    ast.BitXor: ("^", "logical_xor"),
    ast.Gt: (">", "greater"),
    ast.GtE: (">=", "greater_equal"),
    ast.Lt: ("<", "less"),
    ast.LtE: ("<=", "less_equal"),
    ast.Eq: ("==", "equal"),
    ast.NotEq: ("!=", "not_equal"),
}
_TURNED = {"+": "+", "*": "*", "&": "&", "|": "|", "^": "^", ">": "<", ">=": "<="}
_TURNED |= {"<": ">", "<=": ">=", "==": "==", "!=": "!="}
"""The sign that says the same with the sides changed."""
_WRITES = "backend.common.keras_tensor:KerasTensor."


@dataclass(frozen=True)
class Operator:
    """A sign of Python with its two sides, as it is written."""

    node: ast.expr | ast.AugAssign
    left: ast.expr
    right: ast.expr
    sign: str
    ops: str


def operator_of(source: Source) -> Operator | None:
    """The operator that failed, in an expression or as ``x += y``."""
    node, statement = source.node, source.statement
    if isinstance(node, ast.BinOp):
        return Operator(node, node.left, node.right, *_SIGNS.get(type(node.op), ("", "")))
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        signs = _SIGNS.get(type(node.ops[0]), ("", ""))
        return Operator(node, node.left, node.comparators[0], *signs)
    if node is None and isinstance(statement, ast.AugAssign):
        signs = _SIGNS.get(type(statement.op), ("", ""))
        return Operator(statement, statement.target, statement.value, *signs)
    return None


def left_first(rule: Rule, evidence: Evidence) -> Finding | None:
    """``table + x``: what stands on the left does the work, and wants numbers.

    Args:
        rule: The rule that says it.
        evidence: What the exception left.
    """
    source = evidence.source
    found = operator_of(source) if source is not None else None
    tensor = next(
        (
            step.values["self"]
            for step in reversed(evidence.tail)
            if step.place.startswith(_WRITES) and "self" in step.values
        ),
        None,
    )
    if source is None or found is None or not found.ops or tensor is None:
        return None
    left, right = source.text_of(found.left), source.text_of(found.right)
    held = source.value_of(found.left)
    # Where the symbolic tensor stands on the left, Keras does the work.
    beside = source.value_of(found.right)
    if isinstance(held, keras.KerasTensor) or (beside is not UNKNOWN and beside is not tensor):
        return None
    what, whose = _kind_of(evidence, held)
    shown = left if len(left) < 50 else "what stands on the left"
    return rule.finding(
        f"{shown} {what}, and the left side of {found.sign} does the work: {whose} asks for "
        f"numbers, and {right if len(right) < 50 else 'the right side'} is symbolic and has none.",
        cause=Cause(
            _root(found.left) or left, f"{shown} {what}", place=source.place_of(found.left)
        ),
        tensors=evidence.named((tensor,)),
        fixes=tuple(_turned(evidence, source, found, tensor, held)),
    )


def _kind_of(evidence: Evidence, held: Any) -> tuple[str, str]:
    """What the left side is, and who works with it."""
    if isinstance(held, np.ndarray):
        return "is a NumPy array", "NumPy"
    if isinstance(held, np.generic):
        return "is a NumPy number", "NumPy"
    if isinstance(held, keras.Variable):
        return "is a variable", "it"
    if evidence.origin.endswith("__tf_tensor__"):
        return "is a tensor of numbers", "TensorFlow"
    others = (step.place.split(".")[0] for step in evidence.tail if ":" not in step.place)
    library = next((each for each in others if each), "")
    if held is not UNKNOWN:
        return f"is a {type(held).__name__}", library or "it"
    return f"comes from {library or 'NumPy'}", library or "NumPy"


def _root(node: ast.expr) -> str | None:
    """The variable that an expression takes an item or attribute of."""
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _turned(
    evidence: Evidence, source: Source, found: Operator, tensor: Any, held: Any
) -> list[Fix]:
    """The symbolic tensor first where that says the same, and the function of Keras."""
    written: list[tuple[str, str]] = []
    left, right = source.text_of(found.left), source.text_of(found.right)
    if found.sign in _TURNED:
        turned = f"{_closed(found.right, right)} {_TURNED[found.sign]} {_closed(found.left, left)}"
        written.append(("write the symbolic tensor first", turned))
    path = source.written("ops", found.ops)
    written.append((f"use keras.ops.{found.ops}", f"{path}({left}, {right})"))
    known = isinstance(held, (np.ndarray, np.generic, keras.Variable)) or keras.ops.is_tensor(held)

    def work() -> Any:
        if isinstance(held, keras.Variable):
            other: Any = keras.KerasTensor(held.shape, dtype=held.dtype)
        else:
            other = np.asarray(held) if known else stand_in(tensor)
        return getattr(keras.ops, found.ops)(other, stand_in(tensor))

    fixes = []
    for title, text in written:
        if isinstance(found.node, ast.AugAssign):
            text = f"{left} = {text}"
        elif title.startswith("write") and _binds(source, found.node):
            text = f"({text})"
        edits = [source.replace(found.node, text), *importing(source, text)]
        fix: Fix | None
        if known:
            fix = Mender(evidence).offer(title, edits, work, (), text)
        else:
            fix = Fix(title, text, edits=tuple(edits))
            fix = Fix(title, changed_lines(source.text, fix) or text, edits=tuple(edits))
        fixes += [fix] if fix is not None else []
    return fixes


def _closed(node: ast.expr, text: str) -> str:
    """A side of an operator, in brackets where it holds an operator itself."""
    open_ = (ast.BinOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.UnaryOp, ast.Lambda)
    return f"({text})" if isinstance(node, open_) and not text.startswith("(") else text


def _binds(source: Source, node: ast.AST) -> bool:
    """Whether an expression is itself a side of an operator."""
    return isinstance(source.parent_of(node), (ast.BinOp, ast.Compare, ast.UnaryOp))


@error_rule(
    "KL123",
    "list-beside-an-operator",
    origins=(
        "backend.common.variables:standardize_dtype",
        "ops.operation_utils:compute_matmul_output_shape",
    ),
)
def list_beside(rule: Rule, evidence: Evidence) -> Finding | None:
    """``x + [1, 2, 3]``: Keras' operators take tensors, arrays and numbers."""
    source = evidence.source
    found = operator_of(source) if source is not None else None
    step = next((s for s in evidence.tail if {"x1", "x2"} <= set(s.values)), None)
    if source is None or found is None or step is None or not found.ops:
        return None
    sides = ((found.left, step.values["x1"]), (found.right, step.values["x2"]))
    lists = [(node, value) for node, value in sides if type(value) in (list, tuple)]
    others = [value for _, value in sides if isinstance(value, keras.KerasTensor)]
    if len(lists) != 1 or not others or not _is_numbers(lists[0][1]):
        return None
    node, value = lists[0]
    kind, text = type(value).__name__, source.text_of(node)
    made = f"{source.written('ops', 'convert_to_tensor')}({text})"
    edits: list[Edit | None] = [source.replace(node, made), *importing(source, made)]
    array = np.asarray(value, "float32")
    given = tuple(stand_in(s) if s is others[0] else array for _, s in sides)
    fix = Mender(evidence).offer(
        f"make a tensor of the {kind}", edits, lambda: getattr(keras.ops, found.ops)(*given), ()
    )
    shown = text if len(text) < 50 else f"one side of {found.sign}"
    return rule.finding(
        f"{shown} is a {kind}, and {found.sign} works on tensors, arrays and single numbers.",
        cause=Cause(text, f"{shown} is a {kind}", place=source.place_of(node)),
        tensors=evidence.named((others[0],)),
        fixes=(fix,) if fix is not None else (),
    )


def _is_numbers(value: Any) -> bool:
    """Whether a list holds numbers, or lists of numbers of one length."""
    try:
        array = np.asarray(value)
    except ValueError:  # its parts are of different lengths
        return False
    return array.dtype.kind in "biuf" and array.size > 0
