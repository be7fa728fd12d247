"""Models whose inputs and outputs do not belong together, and names used twice."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from keraslab.debug._evidence import Evidence, maker_name, maker_of, tensors_in, upstream
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._replay import Replay, only_tensor
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source, last_name
from keraslab.debug.errors._inner_models import inner_result, uncalled_decoder
from keraslab.debug.errors._misplaced import MODEL, argument
from keraslab.debug.errors._statements import also_given, start_of, with_parameter, without
from keraslab.debug.errors._values import roots_of

_WALK = ("ops.function:Function._run_through_graph", "ops.function:map_graph")


class Wiring:
    """The inputs and outputs that a model was to be made of.

    Args:
        evidence: What the exception left.
    """

    def __init__(self, evidence: Evidence) -> None:
        step = evidence.came_through(MODEL)
        values = step.values if step is not None else {}
        self.evidence = evidence
        self.inputs = list(tensors_in(values.get("inputs")))
        self.outputs = list(tensors_in(values.get("outputs")))
        source = evidence.source
        self.source = source
        self.call = (
            source.node if source is not None and isinstance(source.node, ast.Call) else None
        )
        self.written_inputs = argument(self.call, 0, "inputs")
        self.written_outputs = argument(self.call, 1, "outputs")
        # Where an input is a tensor on the way, Keras has put copies in place of all of them.
        self.inputs = self._held(self.written_inputs) or self.inputs
        own = self._held(self.written_outputs)
        self._copied, self.outputs = not own, own or self.outputs
        self.roots = [self._original(t) for t in roots_of(evidence, self.outputs)]
        self.missing = [each for each in self._needed() if not self._given(each)]
        above = upstream(self.outputs)
        self.unused = [t for t in self.inputs if not any(maker_of(t) is each for each in above)]

    def _held(self, node: ast.expr | None) -> list[Any]:
        """The tensors that variables in the call hold."""
        if self.source is None or node is None:
            return []
        if isinstance(node, (ast.List, ast.Tuple)):
            parts = [self._held(each) for each in node.elts]
            return [t for part in parts for t in part] if all(parts) else []
        return list(tensors_in(self.source.value_of(node)))

    def _original(self, tensor: Any) -> Any:
        """The person's own tensor where Keras has put a copy in its place."""
        source, maker = self.source, maker_of(tensor)
        if source is None or not self._copied or source.name_of(tensor) is not None:
            return tensor
        for node in ast.walk(source.tree or ast.Module([], [])):
            held = only_tensor(source.value_of(node)) if isinstance(node, ast.Name) else None
            if held is not None and maker is not None and maker_of(held) is not None:
                same = maker_of(held).name == maker.name and held.shape == tensor.shape
                if same and isinstance(maker_of(held), layers.InputLayer):
                    return held
        return tensor

    def _given(self, tensor: Any) -> bool:
        return any(tensor is each for each in self.inputs)

    def _needed(self) -> list[Any]:
        """Roots that are reached without going through a given input."""
        found: dict[int, Any] = {}
        waiting, seen = list(self.outputs), set()
        while waiting:
            tensor = waiting.pop(0)
            if id(tensor) in seen or self._given(tensor):
                continue
            seen.add(id(tensor))
            maker = maker_of(tensor)
            given = self.evidence.inputs_of(maker, tensor) if maker is not None else []
            if not given and not self._given(tensor := self._original(tensor)):
                found[id(tensor)] = tensor
            waiting += given
        return list(found.values())

    def offer(self, title: str, edits: Sequence[Edit | None], code: str = "") -> Fix | None:
        """A change after which the outputs are as they were, with the inputs they need."""
        return Mender(self.evidence).offer(title, edits, lambda: self.outputs, (), code)

    def name(self, tensor: Any) -> str | None:
        """A plain variable of the failing frame that holds a tensor, or ``model.input``."""
        return self.source.name_of(tensor) if self.source is not None else None


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


@error_rule("KL407", "inputs-lead-nowhere", origins=_WALK)
def inputs_lead_nowhere(rule: Rule, evidence: Evidence) -> Finding | None:
    """The inputs are tensors on the way, and the outputs do not come from them alone."""
    wiring = Wiring(evidence)
    source = wiring.source
    between = [t for t in wiring.inputs if not isinstance(maker_of(t), layers.InputLayer)]
    if source is None or not between or wiring.written_inputs is None:
        return None
    fixes: list[Fix | None] = []
    name = wiring.name(between[0]) or "the input"
    written, out = wiring.written_inputs, wiring.written_outputs
    swapped = all(isinstance(maker_of(t), layers.InputLayer) for t in wiring.outputs)
    if swapped and out is not None:
        edits = [
            source.replace(written, source.text_of(out)),
            source.replace(out, source.text_of(written)),
        ]
        fix = Mender(evidence).offer("change their places", edits, lambda: wiring.inputs, ())
        return rule.finding(
            "The inputs and the outputs of the model have changed their places.",
            cause=Cause(name, f"{name} was made from what stands as output", place=source.place),
            fixes=(fix,) if fix is not None else (),
        )
    names = [wiring.name(t) for t in wiring.roots]
    if None not in names:
        text = _listed([str(each) for each in names])
        edit = source.replace(written, text)
        fixes.append(wiring.offer(f"start from {text}", [edit]))
    lead = "does not come from it" if between[0] in wiring.unused else "needs more than it"
    return rule.finding(
        f"{name} is a tensor on the way and no keras.Input, and the output {lead}.",
        cause=Cause(name, f"{name} is given as input", place=source.place_of(written)),
        tensors=evidence.named((*wiring.inputs, *wiring.outputs)),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


@error_rule("KL403", "output-of-another-model", origins=_WALK)
def of_another_model(rule: Rule, evidence: Evidence) -> Finding | None:
    """``base.output`` in a model that starts from another Input than ``base.input``."""
    wiring = Wiring(evidence)
    source = wiring.source
    if source is None or not wiring.missing or wiring.written_inputs is None:
        return None
    inner = inner_result(rule, evidence, wiring)
    if inner is not None:
        return inner
    found = []
    for node in ast.walk(source.tree or ast.Module([], [])):
        if isinstance(node, ast.Attribute) and node.attr in ("output", "outputs"):
            held: ast.expr = node.value
            while isinstance(held, (ast.Call, ast.Attribute, ast.Subscript)):
                held = held.func if isinstance(held, ast.Call) else held.value
            model = source.value_of(held)
            if isinstance(model, keras.Model) and node.lineno <= source.place.line:
                inputs = [t for t in wiring.missing if any(t is i for i in model.inputs)]
                if inputs:
                    found.append((node, source.text_of(held), model, inputs))
    if not found:
        return None
    node, name, model, inputs = found[0]
    replay = Replay(source, evidence.sources[1:])
    fixes: list[Fix | None] = []
    names = [wiring.name(t) for t in wiring.inputs if not any(t is u for u in wiring.unused)]
    models = list(dict.fromkeys(n for _, n, _, _ in found))
    everything = [*[n for n in names if n], *[f"{n}.input" for n in models]]
    text = _listed(list(dict.fromkeys(everything)))
    edit = source.replace(wiring.written_inputs, text)
    fixes += [*uncalled_decoder(evidence, wiring), wiring.offer(f"start from {text}", [edit])]
    plain = source.text_of(node) == f"{name}.output"
    for tensor in wiring.unused:
        given = wiring.name(tensor)
        if plain and given and len(model.inputs) == 1 and given.isidentifier():
            new = f"{name}({given})"
            edits = [source.replace(node, new)]
            fixes.append(
                Mender(evidence).offer(
                    f"call {name} on {given}", edits, lambda t=tensor: replay.apply(model, t), ()
                )
            )
    return rule.finding(
        f"{source.text_of(node)} was made from {name}'s own Input {maker_name(inputs[0])!r}, which "
        "is not among the inputs of this model.",
        cause=Cause(
            name, f"{source.text_of(node)} leads back to {name}.input", place=source.place_of(node)
        ),
        tensors=evidence.named(tuple([*wiring.inputs, *inputs][:4])),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


@error_rule("KL402", "input-of-another-graph", origins=_WALK)
def foreign_input(rule: Rule, evidence: Evidence) -> Finding | None:
    """The Input that is given is not the one that the outputs were made from."""
    wiring = Wiring(evidence)
    source = wiring.source
    if source is None or not wiring.missing or not wiring.unused or wiring.written_inputs is None:
        looped = _in_loop(wiring)
        if looped is None:
            return None
    assert source is not None
    written = wiring.written_inputs
    assert written is not None
    replay = Replay(source, evidence.sources[1:])
    given = source.text_of(written)
    names = [wiring.name(t) for t in wiring.missing]
    fixes: list[Fix | None] = []
    kept = [wiring.name(t) for t in wiring.inputs if not any(t is u for u in wiring.unused)]
    place, why = source.place_of(written), f"{given} is not what the output was made from"
    cause = given
    decoded = uncalled_decoder(evidence, wiring)
    said = [name or repr(maker_name(t)) for name, t in zip(names, wiring.missing, strict=True)]
    fixes += decoded
    if None not in names:
        text = _listed([str(n) for n in [*kept, *names]])
        fixes.append(wiring.offer(f"start from {text}", [source.replace(written, text)]))
        why = f"the output was made from {' and '.join(map(str, names))}"
    elif decoded:
        place = source.place_of(wiring.written_outputs or written)
        why = f"the output was made from {' and '.join(said)}"
    elif isinstance(written, ast.Name) and (loop := _in_loop(wiring)) is not None:
        bound = replay.binding(written.id)
        assert bound is not None
        place, why = source.place_of(bound[1]), f"each round of the loop makes another {given}"
        line, column, _, _ = start_of(source, loop)
        pad = " " * column
        many = f"{given}_list"
        edits = [
            Edit(line, 0, line, 0, f"{pad}{many} = []\n"),
            source.replace(bound[0], f"{source.text_of(bound[0])}; {many}.append({given})"),
            source.replace(written, many),
        ]
        fixes.append(wiring.offer("keep the Input of each round", edits))
    elif isinstance(written, ast.Name) and len(_all_inputs(source, replay, written.id)) > 1:
        again = _all_inputs(source, replay, written.id)[-1]
        place, why = (
            source.place_of(again.value),
            f"{given} is made a second time here, and replaces the first",
        )
        fixes.append(wiring.offer(f"make {given} once", [without(source, again)]))
    else:
        made = _function_input(source, wiring)
        inline = _inline_input(source, wiring)
        if made is not None:
            definition, statement, calls = made
            held = statement.targets[0].id
            place, why = (
                source.place_of(statement.value),
                f"{definition.name}() makes an Input of its own",
            )
            edits = [without(source, statement), with_parameter(source, definition, held)]
            edits += [also_given(source, c, given) for c in calls]
            cause = held
            fixes.append(wiring.offer(f"give {given} to {definition.name}()", edits))
        elif inline is not None:
            place, why = source.place_of(inline), "this Input is used here and kept nowhere"
            edits = [
                source.replace(inline, f"(first_input := {source.text_of(inline)})"),
                source.replace(written, "first_input"),
            ]
            fixes.append(wiring.offer("keep the Input in a variable", edits))
    shown = given if len(given) < 40 else "the input"
    return rule.finding(
        f"The output does not come from {shown}: it was made from another Input"
        f"{', ' + ' and '.join(said) if said else ''}.",
        cause=Cause(cause, why, place=place),
        tensors=evidence.named(tuple([*wiring.inputs, *wiring.missing][:4])),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _in_loop(wiring: Wiring) -> ast.For | None:
    """The loop that makes the given Input anew each round."""
    source, written = wiring.source, wiring.written_inputs
    if source is None or not isinstance(written, ast.Name) or not wiring.missing:
        return None
    bound = Replay(source, wiring.evidence.sources[1:]).binding(written.id)
    if bound is None or not _makes_input(source, bound[1]):
        return None
    for node in ast.walk(source.tree or ast.Module([], [])):
        if isinstance(node, ast.For) and any(each is bound[0] for each in node.body):
            return node
    return None


def _makes_input(source: Source, node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and source.value_of(node.func) is keras.Input


def _all_inputs(source: Source, replay: Replay, name: str) -> list[Any]:
    return [
        each
        for each in replay.statements()
        if isinstance(each, ast.Assign)
        and each.lineno < source.place.line
        and any(isinstance(t, ast.Name) and t.id == name for t in each.targets)
        and _makes_input(source, each.value)
    ]


def _function_input(source: Source, wiring: Wiring) -> Any | None:
    """A function that makes an Input of its own, and its calls."""
    for node in ast.walk(source.tree or ast.Module([], [])):
        if not isinstance(node, ast.FunctionDef) or node.args.posonlyargs:
            continue
        if any(each.arg == "self" for each in node.args.args):
            continue
        inside = [
            s
            for s in node.body
            if isinstance(s, ast.Assign)
            and _makes_input(source, s.value)
            and isinstance(s.targets[0], ast.Name)
        ]
        calls = [c for c in source.calls() if last_name(c.func) == node.name]
        if len(inside) == 1 and calls and wiring.call not in list(ast.walk(node)):
            return node, inside[0], calls
    return None


def _inline_input(source: Source, wiring: Wiring) -> ast.Call | None:
    held = [
        s.value for s in ast.walk(source.tree or ast.Module([], [])) if isinstance(s, ast.Assign)
    ]
    found = [
        c for c in source.calls() if _makes_input(source, c) and c is not wiring.written_inputs
    ]
    found = [c for c in found if not any(c is each for each in held)]
    return found[0] if len(found) == 1 else None


@error_rule("KL401", "missing-input", origins=_WALK)
def missing_input(rule: Rule, evidence: Evidence) -> Finding | None:
    """The outputs need an Input that is not among the inputs."""
    wiring = Wiring(evidence)
    source, written = wiring.source, wiring.written_inputs
    if source is None or not wiring.missing or written is None:
        return None
    names = [wiring.name(t) for t in wiring.missing]
    says = [evidence.says(t) for t in wiring.missing]
    fixes: list[Fix | None] = []
    if None not in names:
        more = ", ".join(map(str, names))
        text = source.text_of(written)
        if isinstance(written, (ast.List, ast.Tuple)) and written.elts:
            body = text.strip()[:-1].rstrip().removesuffix(",")
            new = f"{body}, {more}{text.strip()[-1]}"
        elif isinstance(written, ast.Dict):
            body = text.strip()[:-1].rstrip().removesuffix(",")
            pairs = [
                f'"{maker_of(t).name}": {n}' for t, n in zip(wiring.missing, names, strict=True)
            ]
            new = f"{body}, {', '.join(pairs)}}}"
        elif len(wiring.inputs) == 1:
            new = f"[{text}, {more}]"
        else:
            new = f"[*{text}, {more}]"
        fixes.append(wiring.offer(f"add {more} to the inputs", [source.replace(written, new)]))
    listed = " and ".join(says)
    return rule.finding(
        f"The output also depends on {listed}, which is not among the inputs of the model.",
        cause=Cause(
            says[0],
            f"the inputs are {source.text_of(written)}, without {listed}",
            place=source.place_of(written),
        ),
        tensors=evidence.named(tuple([*wiring.inputs, *wiring.missing][:6])),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )
