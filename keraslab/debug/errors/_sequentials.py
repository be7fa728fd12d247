"""Sequential models of what is no chain of layers, and models asked for what they do not have."""

from __future__ import annotations

import ast
import difflib
import inspect
from typing import Any

import keras
from keras import layers

from keraslab.debug._evidence import Evidence, maker_of
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._mend import Mender, changed_lines
from keraslab.debug._replay import Replay, only_tensor
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source
from keraslab.debug.errors._misplaced import argument
from keraslab.debug.errors._rewriting import plain_fix
from keraslab.debug.errors._values import roots_of

_ADD = "models.sequential:Sequential.add"


def _plain(source: Source, title: str, edits: list[Edit]) -> Fix:
    fix = Fix(title, "", edits=tuple(edits))
    return Fix(title, changed_lines(source.text, fix), edits=fix.edits)


@error_rule(
    "KL409",
    "not-a-layer-in-sequential",
    origins=(_ADD, "models.sequential:Sequential.__init__", "layers.layer:Layer.__init__"),
)
def not_a_layer(rule: Rule, evidence: Evidence) -> Finding | None:
    """A tensor, a list, a shape, a function or a name among the layers of a Sequential model."""
    source = evidence.source
    call = source.node if source is not None else None
    if source is None or not isinstance(call, ast.Call):
        return None
    replay = Replay(source, evidence.sources[1:])
    made = source.value_of(call.func) is keras.Sequential
    step = evidence.came_through(_ADD)
    if step is None or evidence.origin != _ADD:
        given = [source.text_of(each) for each in call.args]
        if not made or not given or isinstance(call.args[0], (ast.List, ast.Tuple)):
            return None
        text = f"{source.text_of(call.func)}([{', '.join(given)}])"
        return rule.finding(
            "Sequential takes its layers in one list, and here they come without the brackets.",
            cause=Cause("Sequential", "there is no list", place=source.place_of(call)),
            fixes=(plain_fix(source, "put them in a list", call, text),),
        )
    value = step.values.get("layer")
    if isinstance(value, layers.Layer) or (
        inspect.isclass(value) and issubclass(value, layers.Layer)
    ):
        return None
    node = _element(replay, call, value)
    if node is None:
        return None
    text = source.text_of(node)
    fixes: list[Fix | None] = []
    if only_tensor(value) is not None:
        what = "a tensor, what a layer gave"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Call):
            fixes.append(plain_fix(source, "add the layer itself", node, source.text_of(node.func)))
        elif made:
            roots = [source.name_of(t) for t in roots_of(evidence, [value])]
            if roots and None not in roots:
                inputs = str(roots[0]) if len(roots) == 1 else f"[{', '.join(map(str, roots))}]"
                new = f"{source.written('', 'Model')}({inputs}, {text})"
                edit = source.replace(call, new)
                fixes.append(
                    Mender(evidence).offer(
                        "make a model of its inputs and outputs", [edit], lambda: value, ()
                    )
                )
        else:
            bound = replay.made(node)
            if isinstance(bound, ast.Call) and isinstance(bound.func, ast.Call):
                fixes.append(
                    plain_fix(source, "add the layer itself", node, source.text_of(bound.func))
                )
    elif (
        isinstance(value, (list, tuple))
        and value
        and all(isinstance(v, layers.Layer) for v in value)
    ):
        what = "a list of layers"
        fixes.append(plain_fix(source, "unpack the list", node, f"*{text}"))
        if not made:
            fixes = [
                plain_fix(
                    source,
                    "make a model of the list",
                    node,
                    f"{source.written('', 'Sequential')}({text})",
                )
            ]
    elif isinstance(value, (list, tuple)):
        what = "a shape"
        fixes.append(
            plain_fix(
                source, "make an Input of the shape", node, f"{source.written('', 'Input')}({text})"
            )
        )
    elif isinstance(value, str):
        what = "a name, a piece of text"
        close = difflib.get_close_matches(
            value, [n for n in dir(keras.activations) if n[0] != "_"], n=1
        )
        if close:
            fixes.append(
                plain_fix(
                    source,
                    "make an Activation of it",
                    node,
                    f'{source.layer("Activation")[:-1]}"{close[0]}")',
                )
            )
    elif inspect.isroutine(value):
        what = "a function"
        name = getattr(value, "__name__", "")
        layer = (
            f'{source.layer("Activation")[:-1]}"{name}")'
            if hasattr(keras.activations, name)
            else f"{source.layer('Lambda')[:-1]}{text})"
        )
        fixes.append(plain_fix(source, "make a layer of it", node, layer))
    else:
        what = f"of the type {type(value).__name__}"
    return rule.finding(
        f"{text if len(text) < 50 else 'What is added'} is {what}; a Sequential model is made of "
        "layers.",
        cause=Cause(
            text if len(text) < 50 else "layer",
            f"this is {what} and no layer",
            place=source.place_of(node),
        ),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _element(replay: Replay, call: ast.Call, value: Any) -> ast.expr | None:
    """The part of the call that is a value which was added."""
    source = replay.source
    given = argument(call, 0, "layers") or argument(call, 0, "layer")
    held = given
    if isinstance(given, ast.Name) and not isinstance(source.value_of(given), type(value)):
        held = replay.made(given)
    elements = held.elts if isinstance(held, (ast.List, ast.Tuple)) else [given]
    for each in elements:
        if each is not None and source.value_of(each) is value:
            return each
    kinds: dict[type, Any] = {list: ast.List, tuple: ast.Tuple, str: ast.Constant}
    kind = kinds.get(type(value), ast.Call if only_tensor(value) is not None else ())
    same = [each for each in elements if kind and isinstance(each, kind)]
    if only_tensor(value) is not None:
        same = [e for e in same if isinstance(e, ast.Call) and isinstance(e.func, ast.Call)]
    return same[0] if len(same) >= 1 else None


@error_rule("KL408", "sequential-is-a-chain")
def not_a_chain(rule: Rule, evidence: Evidence) -> Finding | None:
    """A second Input, a merge or several results inside of a Sequential model."""
    source = evidence.source
    call = source.node if source is not None else None
    inside = evidence.came_through("models.sequential:Sequential.build") or evidence.came_through(
        _ADD
    )
    if source is None or inside is None or not isinstance(call, ast.Call):
        return None
    replay = Replay(source, evidence.sources[1:])
    given = argument(call, 0, "layers")
    held = replay.made(given) if isinstance(given, ast.Name) else given
    elements = list(held.elts) if isinstance(held, (ast.List, ast.Tuple)) else []
    fixes: list[Fix | None] = []
    if evidence.origin == _ADD and "Input" in evidence.text:
        inputs = [
            e
            for e in elements
            if isinstance(e, ast.Call)
            and source.value_of(e.func) in (keras.Input, layers.InputLayer)
        ]
        place = inputs[-1] if len(inputs) > 1 else call
        if len(inputs) > 1:
            fixes.append(
                _plain(
                    source, "keep the first Input alone", [_left_out(source, elements, inputs[-1])]
                )
            )
        elif isinstance(source.statement, ast.Expr):
            fixes.append(plain_fix(source, "leave this Input out", source.statement, "pass"))
        return rule.finding(
            "A Sequential model has one Input, at its start; a model of two inputs is made with "
            "keras.Model.",
            cause=Cause("Input", "a second Input", place=source.place_of(place)),
            fixes=tuple(fix for fix in fixes if fix is not None),
        )
    failing = evidence.failing
    values = inside.values
    layer = values.get("layer")
    if failing is not None:
        layer = failing.operation
    several = list(evidence.tensors) if len(evidence.tensors) > 1 else []
    if several:
        maker = maker_of(several[0])
        made = evidence.made_at(maker)
        if maker is None or not getattr(maker, "return_state", False) or made is None:
            return None
        keyword = next((k for k in made[1].keywords if k.arg == "return_state"), None)
        if keyword is not None:
            fixes.append(
                _plain(source, "leave return_state out", [source.replace(keyword.value, "False")])
            )
        return rule.finding(
            f"{type(maker).__name__} gives {len(several)} tensors with return_state=True, and a "
            "Sequential model hands on one.",
            cause=Cause(str(maker.name), "return_state=True", place=source.place_of(made[1])),
            fixes=tuple(fix for fix in fixes if fix is not None),
        )
    merges = hasattr(layer, "_merge_function")
    if not merges and "single required positional argument" not in evidence.text:
        return None
    kind = type(layer).__name__
    found = [
        e for e in elements if isinstance(e, ast.Call) and source.value_of(e.func) is type(layer)
    ]
    found += [
        e for e in call.args if isinstance(e, ast.Call) and source.value_of(e.func) is type(layer)
    ]
    if found and elements:
        fixes.append(
            _plain(
                source, f"leave {kind} out of the chain", [_left_out(source, elements, found[0])]
            )
        )
    elif isinstance(source.statement, ast.Expr):
        fixes.append(plain_fix(source, f"leave {kind} out of the chain", source.statement, "pass"))
    return rule.finding(
        f"{kind} works on several tensors, and in a Sequential model each layer gets the one that "
        "the layer before it gave; with keras.Model it can be wired.",
        cause=Cause(
            str(getattr(layer, "name", kind)),
            f"{kind} needs several tensors",
            place=source.place_of(found[0] if found else call),
        ),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _left_out(source: Source, elements: list[ast.expr], node: ast.expr) -> Edit:
    """A list without one of its elements."""
    place = elements.index(node)
    own = source.replace(node, "")
    if place:
        before = source.replace(elements[place - 1], "")
        return Edit(before.end_line, before.end_column, own.end_line, own.end_column, "")
    if len(elements) > 1:
        after = source.replace(elements[1], "")
        return Edit(own.line, own.column, after.line, after.column, "")
    return own
