"""Layers, classes, numbers or nothing where the result of a layer belongs."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import keras

from keraslab.debug._evidence import Evidence, maker_of, tensors_in
from keraslab.debug._finding import Cause, Fix
from keraslab.debug._finding import Finding as Finding
from keraslab.debug._mend import Mender
from keraslab.debug._replay import Replay, only_tensor
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import UNKNOWN
from keraslab.debug.errors._misplaced import MODEL, Wrong, argument, called, misplaced, origin_of

MOST = 6
"""Variables that are tried."""


@error_rule("KL101", "layer-instead-of-its-result")
def layer_instead(rule: Rule, evidence: Evidence) -> Finding | None:
    """A layer, or a whole model, that was made but not called on a tensor."""
    wrong = [each for each in _all_wrong(evidence) if isinstance(each.value, keras.Layer)]
    if not wrong or any(takes_tensor(evidence, each) for each in wrong):
        return None
    first = wrong[0]
    name, kind = called(evidence, first), type(first.value).__name__
    used = isinstance(first.value, keras.Model) or _was_called(first.value)
    made, place = (first.node, None) if used else origin_of(evidence, first)
    if place is None and made is not None and evidence.source is not None:
        place = evidence.source.place_of(made)
    what = "a model" if isinstance(first.value, keras.Model) else f"a {kind} layer"
    if isinstance(first.value, keras.layers.InputLayer):
        what = "an InputLayer"
    sentence, why = f"{name} is {what} and not a tensor", f"this makes {what}; only calling it"
    message = f"{sentence}: it was made, but here it is not called on a tensor."
    if used and what.startswith("a ") and not isinstance(first.value, keras.Model):
        why = f"this is {first.value.name!r}, a layer; only calling it"
        message = (
            f"{name} is {first.value.name!r}, {what} and not a tensor: what belongs here is what "
            "it gave where it was called."
        )
    return rule.finding(
        message,
        cause=Cause(
            name=name if made is not first.node or used else str(first.value.name),
            sentence=f"{why} on a tensor gives a result",
            place=place or evidence.where,
        ),
        tensors=evidence.named(first.beside),
        fixes=tuple(_calls(evidence, wrong, used)),
    )


def _all_wrong(evidence: Evidence) -> list[Wrong]:
    """What is misplaced, with ``layer.shape`` where a tensor's shape was meant."""
    source = evidence.source
    node = source.node if source is not None else None
    asked = evidence.kind == "AttributeError" and not evidence.origin
    if asked and source is not None and isinstance(node, ast.Attribute):
        held = source.value_of(node.value)
        if isinstance(held, keras.Layer) and node.attr in ("shape", "ndim"):
            return [Wrong(held, node.value, "held")]
    return misplaced(evidence)


def _was_called(layer: Any) -> bool:
    """Whether a layer has been called on a tensor before."""
    try:
        return layer.output is not None
    except AttributeError:
        return False
    except Exception:  # it has several outputs
        return True


def _calls(evidence: Evidence, wrong: list[Wrong], used: bool) -> list[Fix]:
    source, replay = evidence.source, Replay.of(evidence)
    if source is None or replay is None:
        return []
    anchors = [each.node if used else origin_of(evidence, each)[0] for each in wrong]
    mender, fixes = Mender(evidence), []
    if used and anchors[0] is None:
        return _results_of_each(mender, wrong)
    if any(anchor is None for anchor in anchors):
        return []
    if wrong[0].role == "inputs":
        right = right_inputs(evidence, wrong[0])
        shown = isinstance(wrong[0].value, keras.layers.InputLayer)
        return right or (_results(mender, wrong) if shown else [])
    if used or isinstance(wrong[0].value, keras.layers.InputLayer):
        fixes += _results(mender, wrong)
    if fixes and used and not isinstance(wrong[0].value, keras.Model):
        return fixes  # it has its place in a graph already
    first = min((a.lineno, a.col_offset) for a in anchors if a is not None)
    anchor = next(a for a in anchors if a is not None and (a.lineno, a.col_offset) == first)
    names = replay.tensors_before(anchor)
    roots = [maker_of(tensor) for tensor in wrong[0].beside]
    siblings = (
        [t for r, s in zip(roots, wrong[0].beside, strict=True) for t in evidence.inputs_of(r, s)]
        if roots
        else []
    )
    near = [n for n in names if any(source.value_of(_name(n)) is t for t in siblings)]
    for name in [*near, *[n for n in names if n not in near]][:MOST]:
        edits = [source.wrap(a, "", f"({name})") for a in anchors if a is not None]

        def work(*, name: str = name) -> Any:
            tensor = only_tensor(replay.value(_name(name), (anchor.lineno, anchor.col_offset)))
            results = {id(w.value): replay.apply(w.value, tensor) for w in wrong}
            return _after(mender, wrong, results)

        held = called(evidence, wrong[0])
        fix = mender.offer(f"call it on {name}", edits, work, (), f"{held} = {held}({name})")
        fixes += [fix] if fix is not None else []
        if len(fixes) == 3:
            break
    return fixes


def right_inputs(evidence: Evidence, wrong: Wrong) -> list[Fix]:
    """The Inputs that the outputs were really made from, in place of what is given as inputs."""
    source, step = evidence.source, evidence.came_through(MODEL)
    outputs = list(tensors_in(step.values.get("outputs"))) if step is not None else []
    if source is None or not outputs or wrong.node is None:
        return []
    names = [source.name_of(each) for each in roots_of(evidence, outputs)]
    if not names or None in names:
        return []
    call = source.node
    whole = argument(call, 0, "inputs") or wrong.node
    text = str(names[0]) if len(names) == 1 else f"[{', '.join(map(str, names))}]"
    edit = source.replace(whole, text)
    fix = Mender(evidence).offer(f"start from {text}", [edit], lambda: outputs, ())
    return [fix] if fix is not None else []


def roots_of(evidence: Evidence, tensors: list[Any]) -> list[Any]:
    """The results of ``keras.Input`` that tensors were made from, in the order of the code."""
    found: dict[int, Any] = {}
    waiting, seen = list(tensors), set()
    while waiting:
        tensor = waiting.pop(0)
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        maker = maker_of(tensor)
        given = evidence.inputs_of(maker, tensor) if maker is not None else []
        if not given:
            found[id(tensor)] = tensor
        waiting += given
    return list(found.values())


def _results(mender: Mender, wrong: list[Wrong]) -> list[Fix]:
    """The tensors that a layer has made already."""
    source = mender.evidence.source
    if source is None or len(wrong) > 1 or wrong[0].node is None:
        return []
    (each,), node = wrong, wrong[0].node
    tree = source.tree or ast.Module([], [])
    names = {part.id for part in ast.walk(tree) if isinstance(part, ast.Name)}
    offered = []
    for name in sorted(names):
        held = source.value_of(_name(name))
        if only_tensor(held) is not None and maker_of(held) is each.value:
            offered.append((name, held))
    try:
        output = each.value.output
    except Exception:  # never called, or several times
        output = None
    if only_tensor(output) is not None and not offered:
        offered.append((f"{source.text_of(node)}.output", output))
    fixes = [
        mender.offer(
            f"use its result, {text}",
            [source.replace(node, text)],
            lambda *, held=held: _after(mender, wrong, {id(each.value): held}),
            (),
        )
        for text, held in offered[:2]
    ]
    return [fix for fix in fixes if fix is not None]


def _results_of_each(mender: Mender, wrong: list[Wrong]) -> list[Fix]:
    """``[model.get_layer(n) for n in names]``: the tensors that the layers have made."""
    source = mender.evidence.source
    call = source.node if source is not None else None
    place = {"inputs": 0, "outputs": 1}.get(wrong[0].role, 0)
    name = wrong[0].role if wrong[0].role in ("inputs", "outputs") else "inputs"
    node, replay = argument(call, place, name), Replay.of(mender.evidence)
    made = replay.made(node) if replay is not None and node is not None else None
    if source is None or not isinstance(made, ast.ListComp):
        return []
    try:
        results = {id(each.value): each.value.output for each in wrong}
    except Exception:  # never called, or several times
        return []
    edit = source.wrap(made.elt, "", ".output")
    work = lambda: _after(mender, wrong, results)  # noqa: E731
    fix = mender.offer("use what each has given, .output", [edit], work, ())
    return [fix] if fix is not None else []


def _after(mender: Mender, wrong: list[Wrong], results: dict[int, Any]) -> Any:
    """What the failing call gives with tensors in place of what was wrong."""
    if any(not list(tensors_in(each)) for each in results.values()):
        raise ValueError("no tensor")
    if wrong[0].role == "given" and mender.evidence.failing is not None:
        return mender.trial.instead(results)
    return list(results.values())


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def takes_tensor(evidence: Evidence, wrong: Wrong) -> bool:
    """Whether a layer was made with a tensor among its settings."""
    made, _ = origin_of(evidence, wrong)
    source = evidence.source
    if not isinstance(made, ast.Call) or source is None or isinstance(wrong.value, keras.Model):
        return False
    arguments = [*made.args, *[each.value for each in made.keywords]]
    replay = Replay(source)
    return any(tensor_like(replay, each) for each in arguments)


def tensor_like(replay: Replay, node: ast.expr) -> bool:
    """Whether a written argument is a tensor, a list of such, or a layer called in place."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return any(tensor_like(replay, each) for each in node.elts)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Call):
        made = replay.source.value_of(node.func.func)
        return inspect.isclass(made) and issubclass(made, keras.Layer)
    value = replay.source.value_of(node)
    return value is not UNKNOWN and any(True for _ in tensors_in(value))


DEFAULTS: dict[str, Any] = {
    "filters": 32,
    "kernel_size": 3,
    "rate": 0.5,
    "activation": "relu",
    "n": 2,
    "num_heads": 2,
    "key_dim": 16,
    "output_dim": 16,
    "input_dim": 1000,
    "units": 32,
    "stddev": 0.1,
    "height": 32,
    "width": 32,
}
"""What is offered for a setting that a layer cannot be made without."""


def settings_for(kind: Any, tensor: Any | None, given: Any = ()) -> tuple[str | None, Any]:
    """Values for the settings that a layer cannot be made without, as text and as values."""
    values = {}
    for name in required(kind):
        if name in given:
            continue
        if name == "units" and tensor is not None and tensor.shape[-1]:
            values[name] = tensor.shape[-1]
        elif name in DEFAULTS:
            values[name] = DEFAULTS[name]
        else:
            return None, {}
    return ", ".join(repr(value) for value in values.values()), values


def required(kind: Any) -> list[str]:
    """The settings that a layer cannot be made without, in their order."""
    try:
        parameters = inspect.signature(kind.__init__).parameters.values()
    except (TypeError, ValueError):
        return []
    empty, named = inspect.Parameter.empty, inspect.Parameter.POSITIONAL_OR_KEYWORD
    return [p.name for p in parameters if p.default is empty and p.kind is named][1:]
