"""Where a None came from: a function of the person's that gives nothing back."""

from __future__ import annotations

import ast
import functools
import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType, MethodType
from typing import Any

import keras

from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Edit, Place
from keraslab.debug._replay import Replay
from keraslab.debug._source import UNKNOWN, Source
from keraslab.debug._syntax import parsed
from keraslab.graph import keras_internals
from keraslab.graph._lines import is_a_persons

_CHANGING = ("append", "extend", "insert", "add", "update", "sort", "reverse", "clear")
_DEEPEST = 12
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True)
class Giver:
    """A function that ends without giving anything back."""

    name: str
    node: ast.FunctionDef | ast.Lambda | None
    file: str

    @property
    def always(self) -> bool:
        """Whether it never gives anything."""
        given = returns_of(self.node) if isinstance(self.node, ast.FunctionDef) else []
        return not any(each.value is not None for each in given)

    def place(self, source: Source | None) -> Place | None:
        """Its last line, where the function stands in the text of a source."""
        if source is None or self.node is None or source.file != self.file:
            return None
        last = self.node.body if isinstance(self.node, ast.Lambda) else self.node.body[-1]
        return source.place_of(last)


_OTHER = Giver("", None, "")
"""What may be None for a reason of its own."""


def giver_of_nothing(evidence: Evidence, node: ast.expr | None) -> Giver | None:
    """The function that gave the None that an expression of the failing line is.

    Args:
        evidence: What the exception left.
        node: The expression.
    """
    found = list(dict.fromkeys(_givers(evidence, 0, node, 0))) if node is not None else []
    return found[0] if len(found) == 1 and found[0] is not _OTHER else None


def _givers(evidence: Evidence, index: int, node: ast.AST, depth: int) -> Iterator[Giver]:
    """What may have given the value of an expression in one of the person's frames."""
    if index >= len(evidence.sources) or depth > _DEEPEST:
        return
    source = evidence.sources[index]
    replay = Replay(source, evidence.sources[index + 1 :])
    if isinstance(node, ast.Attribute) or (isinstance(node, ast.Constant) and node.value is None):
        yield _OTHER
    elif isinstance(node, ast.Call):
        yield from _of_call(source, replay, node)
    elif isinstance(node, ast.Subscript):
        for each in _items(replay, node.value):
            yield from _givers(evidence, index, each, depth + 1)
    elif isinstance(node, ast.IfExp):
        for each in (node.body, node.orelse):
            yield from _givers(evidence, index, each, depth + 1)
    elif isinstance(node, ast.Name):
        bound = list(_bindings(replay, node.id))
        for each in bound:
            if not (isinstance(each, ast.Name) and each.id == node.id):
                yield from _givers(evidence, index, each, depth + 1)
        if not bound and node.id in replay.parameters:
            given = _given(evidence, index, replay, node.id)
            if given is not None:
                yield from _givers(evidence, index + 1, given, depth + 1)


def _bindings(replay: Replay, name: str) -> Iterator[ast.expr]:
    """The expressions that a variable may have its value of at the failing line."""
    last = replay.binding(name)
    failing, scope = replay.source.statement, replay.scope
    loop = next((s for s in replay.statements(scope) if _is_loop(s) and _holds(s, failing)), None)
    if last is not None:
        yield last[1]
    for each in replay.statements(scope):
        target = each.target if isinstance(each, ast.For) else None
        if isinstance(target, ast.Name) and target.id == name and _holds(each, failing):
            assert isinstance(each, ast.For)
            yield from _items(replay, each.iter)
        # What the round before did, on the failing line itself or below it.
        below = loop is not None and _holds(loop, each) and each.lineno >= replay.here[0]
        names = each.targets if below and isinstance(each, ast.Assign) else []
        if any(isinstance(t, ast.Name) and t.id == name for t in names):
            yield each.value  # type: ignore[attr-defined]


def _is_loop(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.For, ast.While))


def _holds(outer: ast.AST, inner: ast.AST | None) -> bool:
    return any(each is inner for each in ast.walk(outer))


def _items(replay: Replay, node: ast.expr) -> Iterator[ast.expr]:
    """The expressions of what a list or dict holds."""
    made = replay.made(node) if isinstance(node, ast.Name) else node
    if isinstance(made, (ast.List, ast.Tuple)):
        yield from made.elts
    elif isinstance(made, ast.Dict):
        yield from made.values
    elif isinstance(made, (ast.ListComp, ast.GeneratorExp)):
        yield made.elt
    elif isinstance(made, ast.DictComp):
        yield made.value
    if not isinstance(node, ast.Name):
        return
    for each in replay.statements():
        value = each.value if isinstance(each, (ast.Expr, ast.Assign)) else None
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
            held = value.func.value
            if isinstance(held, ast.Name) and held.id == node.id and value.func.attr == "append":
                yield from value.args
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Subscript):
            held = each.targets[0].value
            if isinstance(held, ast.Name) and held.id == node.id:
                yield each.value


def items_of(evidence: Evidence, node: ast.expr | None) -> list[ast.expr]:
    """What the list that an argument is was made of."""
    replay = Replay.of(evidence)
    return list(_items(replay, node)) if replay is not None and node is not None else []


def _given(evidence: Evidence, index: int, replay: Replay, name: str) -> ast.expr | None:
    """What the frame around gave for a parameter."""
    if index + 1 >= len(evidence.sources):
        return None
    call = evidence.sources[index + 1].node
    if not isinstance(call, ast.Call) or any(isinstance(a, ast.Starred) for a in call.args):
        return None
    written = next((k.value for k in call.keywords if k.arg == name), None)
    names = [n for n in replay.parameters if n != "self"]
    place = names.index(name) if name in names else len(call.args)
    return written or (call.args[place] if place < len(call.args) else None)


def _of_call(source: Source, replay: Replay, call: ast.Call) -> Iterator[Giver]:
    """The function that a call calls, where it may give nothing."""
    if isinstance(call.func, ast.Attribute) and call.func.attr in ("get", "pop"):
        yield _OTHER
    for work in _works(source, replay, call.func):
        giver = nothing_of(work)
        if giver is not None:
            yield giver


def _works(source: Source, replay: Replay, node: ast.expr) -> list[Any]:
    """What a call may call: of a variable of a loop, each of what the loop goes through."""
    failing = source.statement
    if isinstance(node, ast.Name):
        for each in replay.statements():
            if not isinstance(each, ast.For) or not _holds(each, failing):
                continue
            if any(isinstance(n, ast.Name) and n.id == node.id for n in ast.walk(each.target)):
                kinds = (ast.Name, ast.List, ast.Tuple)
                held = replay.value(each.iter) if isinstance(each.iter, kinds) else None
                return list(held) if isinstance(held, (list, tuple)) else []
    if isinstance(node, ast.Attribute):
        held = source.value_of(node.value)
        for kind in type(held).__mro__:
            if held is not UNKNOWN and node.attr in vars(kind):
                own = vars(kind)[node.attr]
                return [getattr(own, "__func__", own)]
    if isinstance(node, ast.Call):
        kind = source.value_of(node.func)
        return [_when_called(kind)] if isinstance(kind, type) else []
    work = source.value_of(node)
    if not isinstance(work, (FunctionType, MethodType, functools.partial, type)):
        return [_when_called(type(work))]  # an object that is called, as a block is
    return [work]


def _when_called(kind: type) -> Any:
    """What runs when an object of a class is called, as far as the class itself defines it."""
    return vars(kind).get("call" if issubclass(kind, keras.Layer) else "__call__")


def nothing_of(work: Any, depth: int = 0) -> Giver | None:
    """A function as one that may give nothing; None where it always gives something.

    Args:
        work: The function, a method or a partial of one.
        depth: How many functions have been followed.
    """
    if isinstance(work, functools.partial):
        work = work.func
    code = getattr(getattr(work, "__func__", work), "__code__", None)
    if code is None or depth > 3 or not is_a_persons(code.co_filename):
        return None
    node = _definition(work, code)
    if node is None:
        return None
    scope = getattr(work, "__globals__", {})
    if isinstance(node, ast.Lambda):
        body = node.body
        changes = isinstance(body, ast.Call) and isinstance(body.func, ast.Attribute)
        if changes and body.func.attr in _CHANGING:  # type: ignore[attr-defined]
            return Giver("the lambda", node, code.co_filename)
        return _followed(body, scope, depth)
    own = [each for each in _own(node) if isinstance(each, (ast.Yield, ast.YieldFrom))]
    if own or node.decorator_list:
        return None
    if falls_off(node.body):
        return Giver(f"{_called(work)}()", node, code.co_filename)
    for each in returns_of(node):
        if each.value is not None and (inner := _followed(each.value, scope, depth)) is not None:
            return inner
    return None


def _called(work: Any) -> str:
    """A function's name, with that of its class before it: ``Net.stage``."""
    return str(getattr(work, "__qualname__", work.__name__)).rpartition("<locals>.")[2]


def _followed(node: ast.expr, scope: Any, depth: int) -> Giver | None:
    """What a function gives of another one."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return nothing_of(scope.get(node.func.id), depth + 1)
    return None


def _definition(work: Any, code: Any) -> ast.FunctionDef | ast.Lambda | None:
    """The text of a function, in whichever file or cell it stands."""
    lines = linecache.getlines(code.co_filename, getattr(work, "__globals__", {}))
    tree = parsed("".join(lines)) if lines else None
    found: list[ast.FunctionDef | ast.Lambda] = []
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            first = min([node.lineno, *[d.lineno for d in node.decorator_list]])
            found += [node] if first == code.co_firstlineno else []
        elif isinstance(node, ast.Lambda) and code.co_name == "<lambda>":
            found += [node] if node.lineno == code.co_firstlineno else []
    return found[0] if len(found) == 1 else None


def _own(definition: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, without those of functions inside it."""
    waiting = list(ast.iter_child_nodes(definition))
    while waiting:
        each = waiting.pop(0)
        yield each
        if not isinstance(each, _SCOPES):
            waiting = [*ast.iter_child_nodes(each), *waiting]


def returns_of(definition: ast.AST) -> list[ast.Return]:
    """The ``return`` lines of a function."""
    return [each for each in _own(definition) if isinstance(each, ast.Return)]


def falls_off(body: list[ast.stmt]) -> bool:
    """Whether some way through the statements ends without a value."""
    last = body[-1]
    if isinstance(last, ast.Return):
        return last.value is None
    if isinstance(last, ast.Raise):
        return False
    if isinstance(last, ast.If):
        return falls_off(last.body) or not last.orelse or falls_off(last.orelse)
    if isinstance(last, ast.With):
        return falls_off(last.body)
    if isinstance(last, ast.Try):
        ways = [last.orelse or last.body, *[each.body for each in last.handlers]]
        return not last.finalbody and any(falls_off(each) for each in ways)
    if isinstance(last, ast.While) and isinstance(last.test, ast.Constant) and last.test.value:
        return any(isinstance(each, ast.Break) for each in _own(last))
    return not isinstance(last, ast.Match)


def makes_tensors(giver: Giver, source: Source) -> bool:
    """Whether a function calls anything of Keras."""
    for each in ast.walk(giver.node) if giver.node is not None else ():
        if isinstance(each, ast.Call):
            work = source.value_of(each.func)
            if keras_internals.module_in_keras(work) or isinstance(work, keras.Layer):
                return True
    return False


def with_return(source: Source, definition: ast.FunctionDef) -> tuple[Edit, str] | None:
    """A ``return`` at the end of a function, and what it returns.

    Args:
        source: The text that the function stands in.
        definition: The function.
    """
    last = definition.body[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        function = last.value.func
        name = function.attr if isinstance(function, ast.Attribute) else ""
        name = name or (function.id if isinstance(function, ast.Name) else "")
        if name not in (*_CHANGING, "print", "summary"):
            text = source.text_of(last)
            return source.replace(last, f"return {text}"), text
    held = _last_assigned(definition)
    if held is None:
        return None
    if isinstance(last, ast.Return):
        return source.replace(last, f"return {held}"), held
    line = (last.end_lineno or 1) - 1
    if definition.body[0].lineno == definition.lineno:
        *_, column = source.chars(last)
        return Edit(line, column, line, column, f"; return {held}"), held
    column = len(source.text.split("\n")[line])
    pad = " " * definition.body[0].col_offset
    return Edit(line, column, line, column, f"\n{pad}return {held}"), held


def _last_assigned(definition: ast.FunctionDef) -> str | None:
    """The variable that a function gave a made value last."""
    found: list[tuple[int, str]] = []
    for each in _own(definition):
        if isinstance(each, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            plain = each.value is None or isinstance(each.value, ast.Constant)
            names = [t.id for t in targets if isinstance(t, ast.Name)]
            found += [(each.lineno, n) for n in names if not plain]
    return max(found)[1] if found else None
