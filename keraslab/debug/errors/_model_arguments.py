"""Models without inputs or outputs, and names used twice."""

from __future__ import annotations

import ast
import re
from typing import Any

import keras
from keras import layers

from keraslab.debug._evidence import Evidence, maker_of, tensors_in
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._mend import Mender, changed_lines
from keraslab.debug._replay import Replay, only_tensor
from keraslab.debug._rules import ERRORS, Rule, error_rule
from keraslab.debug._source import Source
from keraslab.debug.errors._graphs import Wiring, _listed
from keraslab.debug.errors._misplaced import MODEL
from keraslab.debug.errors._values import roots_of


@error_rule("KL404", "arguments-of-model")
def arguments_of_model(rule: Rule, evidence: Evidence) -> Finding | None:
    """``keras.Model(x)``, ``Model(input=..., output=...)``: inputs or outputs are missing."""
    source = evidence.source
    call = source.node if source is not None else None
    if (
        source is None
        or not isinstance(call, ast.Call)
        or source.value_of(call.func) is not keras.Model
    ):
        return None
    if evidence.came_through("models.model:Model.__init__") is None or evidence.came_through(MODEL):
        return None
    replay = Replay(source, evidence.sources[1:])
    same = {
        "input": "inputs",
        "output": "outputs",
        "in": "inputs",
        "out": "outputs",
        "outs": "outputs",
        "layers": "outputs",
        "ins": "inputs",
        "inp": "inputs",
        "input_tensor": "inputs",
        "output_tensor": "outputs",
        "input_layer": "inputs",
        "output_layer": "outputs",
        "x": "inputs",
        "y": "outputs",
    }
    texts = [source.text_of(each) for each in call.args]
    named = {same.get(str(k.arg), str(k.arg)): source.text_of(k.value) for k in call.keywords}
    wrong = [str(k.arg) for k in call.keywords if str(k.arg) in same]
    values = dict(zip(("inputs", "outputs"), texts, strict=False)) | named
    nodes = dict(zip(("inputs", "outputs"), call.args, strict=False))
    nodes |= {same.get(str(k.arg), str(k.arg)): k.value for k in call.keywords}
    message, name = "", "outputs"
    outputs: list[Any] = []
    if "inputs" in values and "outputs" not in values:
        tensors = list(tensors_in(replay.value(nodes["inputs"])))
        roots = roots_of(evidence, tensors)
        if tensors and not all(isinstance(maker_of(t), layers.InputLayer) for t in tensors):
            found = [source.name_of(t) for t in roots]
            if None not in found:
                values = {"inputs": _listed([str(f) for f in found]), "outputs": values["inputs"]}
            message, name, outputs = (
                "The model gets one tensor; it needs its inputs and its outputs.",
                "inputs",
                tensors,
            )
        else:
            message = "The model gets inputs and no outputs; it needs both."
            for held in replay.tensors_before(source.statement or call):
                tensor = only_tensor(source.value_of(ast.Name(held, ast.Load())))
                made = roots_of(evidence, [tensor]) if tensor is not None else []
                if (
                    made
                    and not any(tensor is t for t in tensors)
                    and all(any(m is t for t in tensors) for m in made)
                ):
                    values["outputs"], outputs = held, [tensor]
                    break
    elif "outputs" in values and "inputs" not in values:
        name, outputs = "inputs", list(tensors_in(replay.value(nodes["outputs"])))
        found = [source.name_of(t) for t in roots_of(evidence, outputs)]
        message = "The model gets outputs and no inputs; it needs both."
        if found and None not in found:
            values = {"inputs": _listed([str(f) for f in found]), **values}
    elif wrong:
        outputs = list(tensors_in(replay.value(nodes["outputs"])))
        meant = " and ".join(same[each] for each in wrong)
        name = " and ".join(wrong)
        several = len(wrong) > 1
        message = (
            f"keras.Model has no argument{'s' * several} {name}: "
            f"{'they are' if several else 'it is'} called {meant}."
        )
    else:
        return None
    text = f"{source.text_of(call.func)}({', '.join(f'{k}={v}' for k, v in values.items())})"
    fixes = []
    if {"inputs", "outputs"} <= set(values) and outputs:
        edit = source.replace(call, text)
        fixes.append(
            Mender(evidence).offer("give it inputs and outputs", [edit], lambda: outputs, ())
        )
    return rule.finding(
        message,
        cause=Cause(name, message.rstrip("."), place=source.place_of(call)),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


@error_rule(
    "KL405",
    "name-used-twice",
    origins=("ops.function:map_graph", "models.sequential:Sequential.add"),
)
def name_twice(rule: Rule, evidence: Evidence) -> Finding | None:
    """Two layers of one model with the same name."""
    source = evidence.source
    quoted = re.search(r"[\"']([^\"']+)[\"'] is (?:used|already)", evidence.text)
    if source is None or quoted is None:
        return None
    name = quoted.group(1)
    wiring = Wiring(evidence)
    again = [t for t in wiring.unused if getattr(maker_of(t), "name", None) == name]
    if again and any(getattr(maker_of(t), "name", None) == name for t in wiring.missing):
        # Both are Inputs: what is given was made anew after the layers were called on the other.
        found: Finding | None = ERRORS["KL402"].look(evidence)
        return found
    written = [
        (c, k.value)
        for c in source.calls()
        for k in c.keywords
        if k.arg == "name" and isinstance(k.value, ast.Constant) and k.value.value == name
    ]
    replay = Replay(source, evidence.sources[1:])
    place, fix, why = None, None, f"the name {name!r} is given here again"
    if len(written) > 1:
        call, node = written[-1]
        place = source.place_of(call)
        fix = _plain(source, f"call it {name}_2", [source.replace(node, repr(f"{name}_2"))])
    elif written:
        call, node = written[0]
        place = source.place_of(call)
        loop = next(
            (
                n
                for n in ast.walk(source.tree or ast.Module([], []))
                if isinstance(n, ast.For) and any(e is call for e in ast.walk(n))
            ),
            None,
        )
        if loop is not None and isinstance(loop.target, ast.Name) and not _in_function(loop, call):
            text = f'f"{name}_{{{loop.target.id}}}"'
            fix = _plain(source, "a name of its own for each round", [source.replace(node, text)])
            why = f"each round of the loop gives the name {name!r} again"
        else:
            keyword = next(k for k in call.keywords if k.value is node)
            fix = _plain(source, "let Keras number them", [_dropped(source, call, keyword)])
            why = f"each call of the function gives the name {name!r} again"
    else:
        held = [
            n
            for n in replay.tensors_before(source.statement or source.node)  # type: ignore[arg-type]
            if getattr(source.value_of(ast.Name(n, ast.Load())), "name", None) == name
        ]
        made = replay.made(ast.Name(held[0], ast.Load())) if held else None
        if isinstance(made, ast.Call):
            place = source.place_of(made)
            fix = _plain(
                source, f"call it {name}_2", [source.keyword(made, "name", repr(f"{name}_2"))]
            )
    return rule.finding(
        f"Two layers of this model are called {name!r}; each name stands for one layer.",
        cause=Cause(name, why, place=place or source.place),
        fixes=(fix,) if fix is not None else (),
    )


def _in_function(loop: ast.For, call: ast.Call) -> bool:
    inner = [n for n in ast.walk(loop) if isinstance(n, (ast.FunctionDef, ast.Lambda))]
    return any(each is call for n in inner for each in ast.walk(n))


def _dropped(source: Source, call: ast.Call, keyword: ast.keyword) -> Edit:
    """The call without one of its keyword arguments."""
    kept = [*call.args, *[k for k in call.keywords if k is not keyword]]
    inside = ", ".join(source.text_of(each) for each in kept)
    return source.replace(call, f"{source.text_of(call.func)}({inside})")


def _plain(source: Source, title: str, edits: list[Edit]) -> Fix:
    fix = Fix(title, "", edits=tuple(edits))
    return Fix(title, changed_lines(source.text, fix), edits=fix.edits)


@error_rule("KL406", "no-outputs", origins=("ops.function:Function.__init__",))
def no_outputs(rule: Rule, evidence: Evidence) -> Finding | None:
    """``keras.Model(x, [])``: a model of no outputs, or no inputs."""
    wiring = Wiring(evidence)
    source = wiring.source
    if source is None or (wiring.inputs and wiring.outputs):
        return None
    empty = "outputs" if not wiring.outputs else "inputs"
    node = wiring.written_outputs if empty == "outputs" else wiring.written_inputs
    fixes: list[Fix | None] = []
    replay = Replay(source, evidence.sources[1:])
    if node is not None and empty == "inputs":
        names = [wiring.name(t) for t in wiring.roots]
        if names and None not in names:
            text = _listed([str(n) for n in names])
            fixes.append(wiring.offer(f"start from {text}", [source.replace(node, text)]))
    elif node is not None:
        for held in replay.tensors_before(source.statement or node):
            tensor = only_tensor(source.value_of(ast.Name(held, ast.Load())))
            if tensor is not None:
                edit = source.replace(node, held)
                fixes.append(
                    Mender(evidence).offer(f"give {held} as output", [edit], lambda t=tensor: t, ())
                )
                break
    return rule.finding(
        f"The list of {empty} is empty; a model needs at least one.",
        cause=Cause(
            empty, f"there are no {empty}", place=source.place_of(node) if node else source.place
        ),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )
