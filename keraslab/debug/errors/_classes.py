"""Classes of layers where a layer, its result or a function belongs."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras

from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._mend import Mender, changed_lines
from keraslab.debug._replay import Replay, only_tensor
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source
from keraslab.debug._trial import stand_in
from keraslab.debug.errors._misplaced import Wrong, called, misplaced, origin_of
from keraslab.debug.errors._values import MOST, _after, _name, required, settings_for
from keraslab.graph import keras_internals

_FUNCTIONS = ("activation", "recurrent_activation", "function")
"""Settings of layers that are called on a tensor: a function, or a layer already made."""
_WRAPPED = ("layer", "backward_layer", "cell")
_CALLING = re.compile(r"Exception encountered when calling (\w+)\.call\(\)")
_MODULES = ("layers.rnn.", "layers.core.wrapper")


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
        return _as_setting(rule, evidence)
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
            for name in replay.tensors_before(made)[:MOST]:

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


def _as_setting(rule: Rule, evidence: Evidence) -> Finding | None:
    """``activation=layers.LeakyReLU``, ``TimeDistributed(layers.Dense)``."""
    found = _given_to_a_wrapper(evidence) or _in_a_layer(evidence)
    if found is None:
        return None
    holder, owner, setting, kind = found
    name, needed = kind.__name__, required(kind)
    written = _written(evidence, setting, kind)
    source = written[0] if written is not None else None
    nodes = written[1] if written is not None else []
    settings = settings_for(kind, None)[0] if needed else ""
    fixes: list[Fix | None] = []
    if settings is not None and (setting in _WRAPPED or not needed):
        edits = [source.wrap(node, "", f"({settings})") for node in nodes] if source else []
        title = f"make a layer of it: {name}({settings})"
        if owner is None or setting in _WRAPPED:
            bare = Fix(title, f"{setting}={name}({settings})", edits=tuple(edits))
            here = source is not None and edits
            shown = changed_lines(source.text, bare) if source is not None and here else bare.code
            fixes.append(Fix(title, shown, edits=bare.edits))
        else:
            given = evidence.tensors[0] if evidence.tensors else keras.KerasTensor((None, 4, 4, 4))
            work = lambda: kind()(stand_in(given))  # noqa: E731
            code = f"{setting}={name}()"
            fix = Mender(evidence).offer(title, edits or [None], work, (), code, source or None)
            # What came out of the class alone says nothing of the layer's own shape.
            fixes.append(replace(fix, result=None, params=None) if fix is not None else None)
    place = source.place_of(nodes[0]) if source is not None and nodes else None
    takes = "a function or a layer" if setting in _FUNCTIONS else "a layer"
    shown = source.text_of(nodes[0]) if source is not None and nodes else name
    return rule.finding(
        f"{setting} of {holder} is the class {name} and not {takes}: the brackets that make a "
        f"layer of it are missing, {name}({settings or ''}).",
        cause=Cause(name, f"{shown} without brackets is the class", place=place),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _is_class(value: Any) -> bool:
    return inspect.isclass(value) and issubclass(value, keras.Layer)


def _given_to_a_wrapper(evidence: Evidence) -> tuple[str, Any, str, Any] | None:
    """A class given to ``TimeDistributed``, ``Bidirectional``, ``RNN``."""
    step = evidence.tail[-1] if evidence.tail else None
    if step is None or not step.place.startswith(_MODULES) or "__init__" not in step.place:
        return None
    for setting in _WRAPPED:
        kind, owner = step.values.get(setting), step.values.get("self")
        if _is_class(kind):
            return type(owner).__name__, owner, setting, kind
    return None


def _in_a_layer(evidence: Evidence) -> tuple[str, Any, str, Any] | None:
    """A class among the settings of the layer that failed, in a model or called alone."""
    named = _CALLING.search(str(evidence.error))
    for owner in _running(evidence):
        for setting in _FUNCTIONS:
            kind = vars(owner).get(setting)
            if not _is_class(kind):
                continue
            # The layer whose call failed says so, or the class's own layer came out of it.
            mine = named is not None and named[1] == type(owner).__name__
            if mine or re.search(rf"\b{kind.__name__}\b", evidence.text):
                return repr(str(_shown(evidence, owner).name)), owner, setting, kind
    return None


def _running(evidence: Evidence) -> Iterator[Any]:
    """The layers of what was called, trained, copied or asked to predict."""
    held = [step.values.get("self") for step in reversed(evidence.tail)]
    held += [each.operation for each in reversed(evidence.applied)]
    for each in held:
        yield from keras_internals.parts_of(each) if isinstance(each, keras.Layer) else ()


def _shown(evidence: Evidence, owner: Any) -> Any:
    """The layer that a person made: the LSTM in place of its cell."""
    return next((e for e in _running(evidence) if getattr(e, "cell", None) is owner), owner)


def _written(evidence: Evidence, setting: str, kind: Any) -> tuple[Source, list[ast.expr]] | None:
    """Where the class is given as that setting; else where it is named and not called."""
    for source in evidence.sources:
        direct, named = [], []
        holders = {id(call.func) for call in source.calls()}
        for call in source.calls():
            work = source.value_of(call.func)
            if not _is_class(work):
                continue
            names = list(inspect.signature(work.__init__).parameters)[1:]
            given = list(zip(names, call.args, strict=False))
            given += [(str(k.arg), k.value) for k in call.keywords]
            direct += [node for name, node in given if name == setting]
        direct = [node for node in direct if source.value_of(node) is kind]
        if direct:
            return source, direct
        for node in ast.walk(source.tree or ast.Module([], [])):
            plain = isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load)
            if plain and id(node) not in holders and source.value_of(node) is kind:
                asks = source.parent_of(node)
                asks = source.parent_of(asks) if isinstance(asks, ast.Tuple) else asks
                checks = isinstance(asks, ast.Call) and source.text_of(asks.func) in (
                    "isinstance",
                    "issubclass",
                )
                if not checks and not isinstance(asks, (ast.Attribute, ast.ClassDef)):
                    named.append(node)
        if named:
            return source, named  # type: ignore[return-value]
    return None
