"""Results from inside a model that is a layer of another, and decoders left uncalled."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from keraslab.debug._evidence import Evidence, maker_name, maker_of, upstream
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._rules import Rule
from keraslab.debug._source import Source
from keraslab.debug._trial import stand_in
from keraslab.debug.errors._rewriting import importing
from keraslab.debug.errors._values import roots_of
from keraslab.graph import keras_internals


def models_in(source: Source) -> list[Any]:
    """The models that variables of the failing frame hold, by name or as ``self.encoder``."""
    found: dict[int, Any] = {}
    for node in ast.walk(source.tree or ast.Module([], [])):
        if isinstance(node, (ast.Name, ast.Attribute)):
            held = source.value_of(node)
            if isinstance(held, keras.Model) and keras_internals.functional_of(held) is not None:
                found[id(held)] = held
    return list(found.values())


def _starts_from(model: Any, tensor: Any) -> bool:
    return any(tensor is each for each in model.inputs)


def inner_result(rule: Rule, evidence: Evidence, wiring: Any) -> Finding | None:
    """``Model(whole.inputs, [backbone.get_layer("conv").output, whole.output])``.

    Args:
        rule: The rule that says it.
        evidence: What the exception left.
        wiring: The inputs and outputs of the model that was to be made.
    """
    source = wiring.source
    written = wiring.written_inputs
    if source is None or written is None or len(wiring.missing) != 1:
        return None
    (missing,) = wiring.missing
    known = models_in(source)
    for whole in known:
        if not any(_starts_from(whole, each) for each in wiring.inputs):
            continue
        for inner in keras_internals.parts_of(whole):
            if inner is whole or keras_internals.functional_of(inner) is None:
                continue
            if _starts_from(inner, missing) and inner in whole.layers:
                return _found(rule, evidence, wiring, whole, inner)
    return None


def _found(rule: Rule, evidence: Evidence, wiring: Any, whole: Any, inner: Any) -> Finding | None:
    source, (missing,) = wiring.source, wiring.missing
    inside = [
        (tensor, node)
        for tensor, node in _written_outputs(wiring)
        if any(missing is wiring._original(root) for root in roots_of(evidence, [tensor]))
    ]
    if not inside:
        return None
    tensor, node = inside[0]
    name, layer = str(inner.name), maker_name(tensor)
    shown = source.text_of(node) if node is not None else f"the result of {layer!r}"
    belongs = f", the result of {layer!r}," if node is not None else ""
    return rule.finding(
        f"{shown}{belongs} belongs to the graph of {name!r} alone, which starts at its own Input "
        f"{maker_name(missing)!r} and not at {source.text_of(wiring.written_inputs)}.",
        cause=Cause(
            layer,
            f"{layer!r} is a layer inside {name!r}, whose own graph knows nothing of "
            f"{str(whole.name)!r}",
            place=source.place_of(node) if node is not None else source.place,
        ),
        tensors=evidence.named((*wiring.inputs[:2], missing, tensor)),
        fixes=tuple(_from_inside(evidence, wiring, whole, inner, inside)),
    )


def _written_outputs(wiring: Any) -> list[tuple[Any, ast.expr | None]]:
    """The outputs, each with what stands for it."""
    node, outputs = wiring.written_outputs, wiring.outputs
    if isinstance(node, (ast.List, ast.Tuple)) and len(node.elts) == len(outputs):
        return list(zip(outputs, node.elts, strict=True))
    return [(each, node if len(outputs) == 1 else None) for each in outputs]


def _from_inside(
    evidence: Evidence, wiring: Any, whole: Any, inner: Any, inside: list[tuple[Any, Any]]
) -> Iterator[Fix]:
    """The inner model with one more result, called where the whole model calls it."""
    source = wiring.source
    nodes = [node for _, node in inside]
    begin = _text_of_start(evidence, wiring, whole, inner)
    held = source.name_of(inner) or f"{source.name_of(whole)}.layers[{whole.layers.index(inner)}]"
    if begin is None or None in nodes or len(inner.inputs) != 1 or len(inner.outputs) != 1:
        return
    model = source.written("", "Model")
    texts = [source.text_of(node) for node in nodes]
    taken = [tensor for tensor, _ in inside]
    after = _chain_after(evidence, whole, inner)
    others = [pair for pair in _written_outputs(wiring) if pair[1] not in nodes]
    last = whole.outputs[0]
    ends = len(whole.outputs) == 1 and all(tensor is last for tensor, _ in others) and others
    given = stand_in(inner.inputs[0])

    def once() -> list[Any]:
        *maps, h = _specs(keras.Model(inner.inputs, [*taken, *inner.outputs]), given)
        for each in after or ():
            h = _specs(each, h)[0]
        return [*maps, h]

    if ends and after is not None:
        maps = [f"inside_{index}" if index else "inside" for index in range(len(taken))]
        lines = [
            f"both = {model}({_one(held, inner, 'input')}, [{', '.join(texts)}, "
            f"{_one(held, inner, 'output')}])",
            f"{', '.join(maps)}, result = both({begin})",
        ]
        if after:
            first = whole.layers.index(after[0])
            lines += [
                f"for layer in {source.name_of(whole)}.layers[{first}:]:",
                "    result = layer(result)",
            ]
        edits: list[Edit | None] = [source.before("\n".join(lines))]
        edits += [
            source.replace(node, text)
            for node, text in [*zip(nodes, maps, strict=True), *[(n, "result") for _, n in others]]
        ]
        edits += importing(source, model)
        title = f"run {held} once, with both of its results"
        fix = Mender(evidence).offer(title, edits, once, (), "\n".join(lines))
        if fix is not None:
            yield fix
            return
    edits = [
        source.replace(node, f"{model}({_one(held, inner, 'input')}, {text})({begin})")
        for node, text in zip(nodes, texts, strict=True)
    ]
    edits += importing(source, model)
    yield from _list_of(
        Mender(evidence).offer(
            f"run {held} up to there on {begin}, beside the whole model",
            edits,
            lambda: _specs(keras.Model(inner.inputs, taken), given),
            (),
        )
    )


def _one(name: str, model: Any, side: str) -> str:
    """The only input or output of a model, as code; a Sequential has no ``output`` uncalled."""
    return f"{name}.{side}s[0]" if isinstance(model, keras.Sequential) else f"{name}.{side}"


def _list_of(fix: Fix | None) -> list[Fix]:
    return [fix] if fix is not None else []


def _specs(layer: Any, *given: Any) -> list[Any]:
    """The results of a layer of the person's; asking for them leaves no trace in it."""
    return [stand_in(each) for each in keras.tree.flatten(layer.compute_output_spec(*given))]


def _text_of_start(evidence: Evidence, wiring: Any, whole: Any, inner: Any) -> str | None:
    """What the whole model calls the inner one on, as code."""
    started = evidence.inputs_of(inner, whole.outputs[0])
    name = wiring.source.name_of(whole)
    if len(started) != 1 or name is None:
        return None
    if any(started[0] is each for each in whole.inputs):
        return _one(name, whole, "input") if len(whole.inputs) == 1 else None
    maker = maker_of(started[0])
    single = maker in whole.layers and len(keras_internals.inbound_nodes(maker)) == 1
    # A name that Keras gave counts on when the code runs again; the place in the model stays.
    return f"{name}.layers[{whole.layers.index(maker)}].output" if single else None


def _chain_after(evidence: Evidence, whole: Any, inner: Any) -> list[Any] | None:
    """The layers behind the inner model, where they are a plain chain to the only output."""
    above = upstream(whole.outputs)
    if inner not in above or len(whole.outputs) != 1:
        return None
    layers, tensor = [], whole.outputs[0]
    while maker_of(tensor) is not inner:
        maker = maker_of(tensor)
        given = evidence.inputs_of(maker, tensor)
        if len(given) != 1 or not isinstance(maker, keras.Layer):
            return None
        layers.append(maker)
        tensor = given[0]
    layers.reverse()
    return layers if layers == whole.layers[len(whole.layers) - len(layers) :] else None


def uncalled_decoder(evidence: Evidence, wiring: Any) -> list[Fix]:
    """The model that starts at the missing Input, called on what the given inputs lead to.

    Args:
        evidence: What the exception left.
        wiring: The inputs and outputs of the model that was to be made.
    """
    source, node = wiring.source, wiring.written_outputs
    if source is None or node is None or len(wiring.missing) != 1 or len(wiring.outputs) != 1:
        return []
    (missing,), (output,) = wiring.missing, wiring.outputs
    fixes: list[Fix] = []
    for model in models_in(source):
        makes = len(model.outputs) == 1 and _same(model.outputs[0], output)
        if not makes or not _starts_from(model, missing) or len(model.inputs) != 1:
            continue
        for text in _codes(source, evidence, wiring.inputs, missing):
            new = f"{source.name_of(model)}({text})"
            work = lambda model=model: _specs(model, stand_in(missing))  # noqa: E731
            fixes += _list_of(
                Mender(evidence).offer(f"call it: {new}", [source.replace(node, new)], work, ())
            )
    return fixes[:2]


def _same(one: Any, other: Any) -> bool:
    return one is other or (maker_of(one) is maker_of(other) and one.shape == other.shape)


def _codes(source: Source, evidence: Evidence, inputs: Sequence[Any], like: Any) -> Iterator[str]:
    """The tensors made from the inputs alone that have the shape of another, as code."""
    held = [m for m in models_in(source) if len(m.outputs) == 1]
    known = [(_one(str(source.name_of(m)), m, "output"), m.outputs[0]) for m in held]
    seen = set()
    for text, tensor in [*known, *source.tensors()]:
        fits = tuple(tensor.shape) == tuple(like.shape) and id(tensor) not in seen
        if fits and not isinstance(maker_of(tensor), keras.layers.InputLayer):
            seen.add(id(tensor))
            roots = roots_of(evidence, [tensor])
            if all(any(root is each for each in inputs) for root in roots):
                yield source.name_of(tensor) or text
