"""Models asked for what they do not have, or called on other inputs."""

from __future__ import annotations

import ast
import difflib
from typing import Any

import keras

from keraslab.debug._evidence import Evidence, shape_text, tensors_in
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._replay import Replay, only_tensor
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug.errors._misplaced import argument, is_direct
from keraslab.debug.errors._rewriting import plain_fix, rewritten


@error_rule("KL410", "no-such-layer")
def no_such_layer(rule: Rule, evidence: Evidence) -> Finding | None:
    """``model.get_layer("feature")``, ``model.layers["features"]``: which layer is meant."""
    source = evidence.source
    node = source.node if source is not None else None
    if source is None or not isinstance(node, (ast.Call, ast.Subscript)):
        return None
    held = node.func if isinstance(node, ast.Call) else node.value
    if not isinstance(held, ast.Attribute) or held.attr not in ("get_layer", "layers"):
        return None
    replay = Replay(source, evidence.sources[1:])
    model = replay.value(held.value)
    if not isinstance(model, keras.Model) or (
        held.attr == "get_layer" and "get_layer" not in evidence.origin
    ):
        return None
    if held.attr == "layers" and evidence.origin:
        return None
    name = source.text_of(held.value)
    if isinstance(node, ast.Call):
        key = node.args[0] if node.args else next((k.value for k in node.keywords), None)
    else:
        key = node.slice
    value = replay.value(key) if key is not None else None
    names = [layer.name for layer in model.layers]
    if isinstance(value, str):
        close = difflib.get_close_matches(value, names, n=1, cutoff=0.5)
        right = value if value in names else close[0] if close else names[-1]
        text = f'{name}.get_layer("{right}")'
        message = f"{name} has no layer {value!r}; the closest is {right!r}."
        if value in names:
            message = f"{name}.layers is a list; get_layer({value!r}) finds a layer by its name."
    elif isinstance(value, int):
        fits = -len(names) <= value < len(names)
        text = f"{name}.layers[{value if fits else -1}]"
        message = (
            f"{name} has {len(names)} layers, counted from 0 to {len(names) - 1}."
            if not fits
            else f"{value} is no name of a layer; {name}.layers[{value}] finds it by its place."
        )
    else:
        text, message = f'{name}.get_layer("{names[-1]}")', "get_layer() needs the name of a layer."
    return rule.finding(
        message,
        cause=Cause(name, f"its layers are {', '.join(names[:8])}", place=source.place_of(node)),
        fixes=(plain_fix(source, f"write {text.removeprefix(name + '.')}", node, text),),
    )


@error_rule(
    "KL411",
    "result-of-uncalled-layer",
    origins=("ops.operation:Operation._get_node_attribute_at_index",),
)
def uncalled(rule: Rule, evidence: Evidence) -> Finding | None:
    """``layer.output`` of a layer, or a Sequential model, that was never called."""
    source = evidence.source
    node = source.node if source is not None else None
    if source is None or not isinstance(node, ast.Attribute):
        return None
    replay = Replay(source, evidence.sources[1:])
    layer, name = replay.value(node.value), source.text_of(node.value)
    if not isinstance(layer, keras.Layer):
        return None
    fixes: list[Fix | None] = []
    made = replay.made(node.value)
    place = source.place_of(node)
    if node.attr == "output":
        for held in replay.tensors_before(source.statement or node)[:5]:
            tensor = only_tensor(source.value_of(ast.Name(held, ast.Load())))
            if tensor is not None:
                fixes.append(
                    Mender(evidence).offer(
                        f"call it on {held}",
                        [source.replace(node, f"{name}({held})")],
                        lambda t=tensor: replay.apply(layer, t),
                        (),
                    )
                )
                break
    if isinstance(layer, keras.Sequential) and layer.built and not any(fixes):
        text = f"{name}.{node.attr}s[0]"
        tensor = getattr(layer, f"{node.attr}s")[0]
        fixes.append(
            Mender(evidence).offer(
                f"write {text}", [source.replace(node, text)], lambda: tensor, ()
            )
        )
    if isinstance(layer, keras.Sequential) and not layer.built and isinstance(made, ast.Call):
        first = made.args[0] if made.args else None
        if isinstance(first, (ast.List, ast.Tuple)) and first.elts:
            edit = source.replace(first.elts[0], "")
            shape = _guess(layer)
            text = f"{source.written('', 'Input')}({shape!r}), "
            new = Edit(edit.line, edit.column, edit.line, edit.column, text)
            kept = [layer.get_config()]
            work = lambda: keras.Sequential.from_config(kept[0])(keras.KerasTensor((None, *shape)))  # noqa: E731
            fix = Mender(evidence).offer(
                "start it with an Input of the shape of a sample",
                [new, source.replace(node, f"{name}.{node.attr}s[0]")],
                work,
                (),
            )
            fixes.append(fix)
            place = source.place_of(made)
    return rule.finding(
        f"{name} was never called on a tensor, so it has no {node.attr} yet.",
        cause=Cause(name, f"{name} knows no shape before it is called", place=place),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _guess(model: Any) -> tuple[int, ...]:
    """A shape that the first layer of a Sequential model can take."""
    first = model.layers[0] if model.layers else None
    rank = getattr(first, "rank", None)
    if rank is not None and hasattr(first, "kernel_size"):
        return (*[32] * rank, 3)
    spec = getattr(first, "input_spec", None)
    axes = getattr(spec, "ndim", None) or getattr(spec, "min_ndim", None) or 2
    return {2: (10,), 3: (10, 8), 4: (32, 32, 3)}.get(axes, (10,))


@error_rule("KL412", "model-called-on-other-inputs")
def other_inputs(rule: Rule, evidence: Evidence) -> Finding | None:
    """A model called on fewer, more or other tensors than it was made for."""
    source, failing = evidence.source, evidence.failing
    first = next((a for a in evidence.applied if isinstance(a.operation, keras.Model)), None)
    if source is None or failing is None or first is None or evidence.training is not None:
        return None
    model, call = first.operation, source.node
    if not isinstance(call, ast.Call) or not (
        is_direct(evidence) or source.value_of(call.func) is model
    ):
        return None
    if not getattr(model, "inputs", None) or not call.args:
        return None
    wanted, given = list(model.inputs), list(first.tensors)
    if not given:
        return None
    name = source.text_of(call.func)
    replay = Replay(source, evidence.sources[1:])
    texts = [source.text_of(t) for t in call.args]
    single = call.args[0]
    if len(call.args) == 1 and isinstance(single, (ast.List, ast.Tuple)):
        texts = [source.text_of(each) for each in single.elts]
    fixes: list[Fix | None] = []
    span = source.replace(call.args[0], "")
    last = source.replace(call.args[-1], "")
    shapes = " and ".join(shape_text(t.shape) for t in wanted)
    structure = model.input if not isinstance(model, keras.Sequential) else wanted[0]

    def offer(title: str, written: str, tensors: list[Any]) -> None:
        edit = Edit(span.line, span.column, last.end_line, last.end_column, written)
        value = keras.tree.pack_sequence_as(structure, tensors)
        fixes.append(Mender(evidence).offer(title, [edit], lambda: replay.apply(model, value), ()))

    if isinstance(structure, dict):
        keys = list(structure)
        if isinstance(single, ast.Dict) and len(single.values) == len(keys):
            held = [source.text_of(v) for v in single.values]
            written = ", ".join(f'"{k}": {v}' for k, v in zip(keys, held, strict=True))
            offer(f"name them {' and '.join(keys)}", f"{{{written}}}", given)
        message = f"{name} takes a dict with {' and '.join(keys)}."
    elif len(given) != len(wanted) or len(call.args) != 1:
        message = (
            f"{name} takes {len(wanted)} tensor{'s' * (len(wanted) > 1)}"
            f"{' in one list' * (len(wanted) > 1)} ({shapes}), and here it gets {len(given)}"
            f"{' side by side' * (len(call.args) > 1)}."
        )
        every = list(tensors_in([replay.value(a) for a in call.args]))
        if len(wanted) == 1:
            offer("call it on one of them", texts[0], every[:1] or given[:1])
        elif len(every) >= len(wanted) and len(texts) >= len(wanted):
            offer(
                "give them in one list"
                if len(every) == len(wanted)
                else "give it the first of them",
                f"[{', '.join(texts[: len(wanted)])}]",
                every[: len(wanted)],
            )
        else:
            others = [
                n
                for n in replay.tensors_before(source.statement or call)
                if n not in texts
                and not any(replay.value(ast.Name(n, ast.Load())) is t for t in model.inputs)
            ]
            more = [
                n
                for n in others
                if only_tensor(source.value_of(ast.Name(n, ast.Load()))) is not None
            ]
            for extra in (more, texts):
                names = [*texts, *extra][: len(wanted)]
                tensors = [replay.value(ast.Name(n, ast.Load())) for n in names if n.isidentifier()]
                if len(tensors) == len(wanted) and not any(fixes):
                    offer(f"call it on {' and '.join(names)}", f"[{', '.join(names)}]", tensors)
    else:
        got = " and ".join(shape_text(t.shape) for t in given)
        message = f"{name} was made for {shapes}, and here it gets {got}."
        if len(wanted) == 1 and len(wanted[0].shape) == len(given[0].shape) and wanted[0].shape[-1]:
            width = wanted[0].shape[-1]
            dense = f"{source.layer('Dense', str(width))}({texts[0]})"
            fixes.append(
                rewritten(evidence, f"bring it to {width} values first", call, f"{name}({dense})")
            )
        elif len(wanted) == 1 and None not in wanted[0].shape[1:]:
            made = replay.made(single)
            shape = tuple(wanted[0].shape[1:])
            node = argument(made, 0, "shape") if isinstance(made, ast.Call) else None
            if node is not None and source.value_of(made.func) is keras.Input:  # type: ignore[union-attr]
                new = keras.KerasTensor((None, *shape))
                edit = source.replace(node, repr(shape))
                fixes.append(
                    Mender(evidence).offer(
                        f"make it {shape_text(shape)}", [edit], lambda: replay.apply(model, new), ()
                    )
                )
    if not any(fixes):
        return None
    return rule.finding(
        message,
        cause=Cause(name, f"it was made for {shapes}", place=source.place_of(call)),
        tensors=evidence.named(tuple(given[:4])),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


@error_rule("KL413", "no-such-method-of-model")
def no_method(rule: Rule, evidence: Evidence) -> Finding | None:
    """``model.add(...)`` and ``model.pop()`` on a model that is no Sequential."""
    source = evidence.source
    node = source.node if source is not None else None
    if source is None or not isinstance(node, ast.Attribute) or evidence.origin:
        return None
    model = source.value_of(node.value)
    if evidence.kind != "AttributeError" or not isinstance(model, keras.Model):
        return None
    if node.attr not in ("add", "pop") or isinstance(model, keras.Sequential):
        return None
    name = source.text_of(node.value)
    call = next((c for c in source.calls() if c.func is node), None)
    fixes = []
    made = source.written("", "Model")
    if call is not None and node.attr == "add" and len(call.args) == 1:
        layer = source.text_of(call.args[0])
        text = f"{name} = {made}({name}.inputs, {layer}({name}.output))"
        fixes.append(plain_fix(source, "make a longer model", call, text))
    elif call is not None and node.attr == "pop":
        text = f"{name} = {made}({name}.inputs, {name}.layers[-2].output)"
        fixes.append(plain_fix(source, "make a model that ends one layer earlier", call, text))
    return rule.finding(
        f"{name} is no Sequential model and has no {node.attr}: a model of inputs and outputs does "
        "not change; make another one from its tensors.",
        cause=Cause(name, f"{node.attr} belongs to Sequential", place=source.place_of(node)),
        fixes=tuple(fixes),
    )
