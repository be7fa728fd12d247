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

_MOST = 6
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
    sentence = f"{name} is {what} and not a tensor"
    message = f"{sentence}: it was made, but here it is not called on a tensor."
    return rule.finding(
        message,
        cause=Cause(
            name=name if made is not first.node or used else str(first.value.name),
            sentence=f"this makes {what}; only calling it on a tensor gives a result",
            place=place,
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
    if any(anchor is None for anchor in anchors):
        return []
    mender, fixes = Mender(evidence), []
    if wrong[0].role == "inputs":
        right = right_inputs(evidence, wrong[0])
        shown = isinstance(wrong[0].value, keras.layers.InputLayer)
        return right or (_results(mender, wrong) if shown else [])
    if used or isinstance(wrong[0].value, keras.layers.InputLayer):
        fixes += _results(mender, wrong)
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
    for name in [*near, *[n for n in names if n not in near]][:_MOST]:
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


@error_rule("KL103", "class-instead-of-layer")
def class_instead(rule: Rule, evidence: Evidence) -> Finding | None:
    """``layers.Flatten`` without brackets where a layer or its result belongs."""
    source = evidence.source
    wrong = misplaced(evidence)
    step = evidence.came_through("models.sequential:Sequential.add")
    sequential = step is not None and evidence.origin == "models.sequential:Sequential.add"
    if step is not None and sequential and source is not None:
        value = step.values.get("layer")
        node = next(
            (
                n
                for n in ast.walk(source.node or ast.Module([], []))
                if isinstance(n, ast.expr) and source.value_of(n) is value
            ),
            None,
        )
        wrong = [Wrong(value, node, "layer")]
    wrong = [e for e in wrong if inspect.isclass(e.value) and issubclass(e.value, keras.Layer)]
    if not wrong or source is None:
        return None
    first = wrong[0]
    kind = first.value.__name__
    made, place = origin_of(evidence, first)
    fixes: list[Fix | None] = []
    mender, replay = Mender(evidence), Replay(source, evidence.sources[1:])
    settings, values = settings_for(first.value, None)
    if made is not None and settings is not None:
        if sequential:
            fixes.append(
                mender.offer(
                    f"make a layer of it: {kind}({settings})",
                    [source.wrap(made, "", f"({settings})")],
                    lambda: _in_sequence(step, first.value(**values)),
                    (),
                )
            )
        else:
            at = (made.lineno, made.col_offset)
            for name in replay.tensors_before(made)[:_MOST]:

                def work(*, name: str = name) -> Any:
                    tensor = only_tensor(replay.value(_name(name), at))
                    made_of = first.value(**settings_for(first.value, tensor)[1])(tensor)
                    return _after(mender, wrong[:1], {id(first.value): made_of})

                held = source.value_of(_name(name))
                text = settings_for(first.value, only_tensor(held))[0]
                edit = source.wrap(made, "", f"({text})({name})")
                fixes.append(mender.offer(f"make it and call it on {name}", [edit], work, ()))
    return rule.finding(
        f"{called(evidence, first)} is the class {kind} and not a layer: the brackets that make "
        f"a layer of it are missing, {kind}().",
        cause=Cause(kind, f"{kind} without brackets is the class", place=place),
        fixes=tuple([fix for fix in fixes if fix is not None][:2]),
    )


def _in_sequence(step: Any, layer: Any) -> Any:
    """What a layer gives after those that a Sequential model has."""
    held = step.values["self"].layers
    shape = getattr(step.values["self"], "inputs", None)
    last = held[-1].output if held and shape else keras.KerasTensor((None, 4, 4, 4))
    return layer(keras.KerasTensor(tuple(last.shape), dtype=last.dtype))


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
