"""Settings of layers: unknown, missing, impossible; names that Keras does not have."""

from __future__ import annotations

import ast
import difflib
import inspect
from typing import Any

import keras

from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._replay import Replay
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import UNKNOWN
from keraslab.debug.errors._constructors import _constructor
from keraslab.debug.errors._foreign import TWINS
from keraslab.debug.errors._rewriting import parameters_of, rewritten
from keraslab.debug.errors._values import DEFAULTS, required
from keraslab.graph import keras_internals

# Settings.

_SAME = {
    "p": "rate",
    "prob": "rate",
    "dropout_rate": "rate",
    "drop": "rate",
    "keep_prob": "rate",
    "pool": "pool_size",
    "stride": "strides",
    "subsample": "strides",
    "kernel": "kernel_size",
    "border_mode": "padding",
    "pad": "padding",
    "heads": "num_heads",
    "n_heads": "num_heads",
    "head_dim": "key_dim",
    "embed_dim": "output_dim",
    "dim": "units",
    "output_dim": "units",
    "n_units": "units",
    "neurons": "units",
    "hidden_units": "units",
    "nb_filter": "filters",
    "channels": "filters",
    "out_channels": "filters",
    "init": "kernel_initializer",
    "bias": "use_bias",
    "vocab_size": "input_dim",
    "num_embeddings": "input_dim",
    "embedding_dim": "output_dim",
    "dilation": "dilation_rate",
    "activation_fn": "activation",
    "shape": "target_shape",
    "times": "n",
    "scale_factor": "size",
    "eps": "epsilon",
    "lr": "learning_rate",
    "reg": "kernel_regularizer",
    "input_size": "input_shape",
}
"""What other libraries call it, and older versions of Keras."""


def meant(name: str, names: list[str]) -> str | None:
    """Which of some names was meant by a name that is none of them."""
    low = {each.lower(): each for each in names}
    if name.lower() in low:
        return low[name.lower()]
    if _SAME.get(name) in names:
        return _SAME[name]
    close = difflib.get_close_matches(name.lower(), list(low), n=1, cutoff=0.7)
    if close:
        return low[close[0]]
    starts = [each for each in names if each.startswith(name) or name.startswith(each)]
    return starts[0] if len(starts) == 1 and len(name) > 2 else None


@error_rule("KL117", "unknown-argument")
def unknown_argument(rule: Rule, evidence: Evidence) -> Finding | None:
    """A keyword argument that the layer or function does not have."""
    source = evidence.source
    call = source.node if source is not None else None
    if source is None or not isinstance(call, ast.Call):
        return None
    work = _called_work(evidence, call)
    if work is None:
        return None
    names = parameters_of(work)
    unknown = [each for each in call.keywords if each.arg and each.arg not in names]
    if len(unknown) == 0:
        return None
    fixes, first, said = [], unknown[0], []
    text = source.text_of(call)
    for each in unknown:
        instead = meant(str(each.arg), [n for n in names if n not in _given(call, names)])
        said.append(instead)
        text = _renamed(evidence, call, unknown, said)
    title = f"write {said[0]}" if said[0] else f"leave {first.arg} out"
    fixes.append(rewritten(evidence, title, call, text))
    if fixes == [None] and (inspect.isfunction(work) or not inspect.isclass(work)):
        edit = source.replace(call, text)
        fixes = [Fix(title, text, edits=(edit,))]
    name = work.__name__
    hint = f"it is called {said[0]}" if said[0] else "the closest it has is none of these"
    listed = ", ".join(names[:6])
    sentence = f"{name} has no argument {first.arg}" + (
        f": {hint}." if said[0] else f"; it has {listed}, ..."
    )
    return rule.finding(
        sentence if sentence.endswith(".") else sentence.removesuffix(", ...") + " and more.",
        cause=Cause(
            str(first.arg), f"{first.arg} is no argument of {name}", place=source.place_of(call)
        ),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _called_work(evidence: Evidence, call: ast.Call) -> Any | None:
    """The class or function of Keras that was called with arguments it does not take."""
    source = evidence.source
    assert source is not None
    work = source.value_of(call.func)
    module = keras_internals.module_in_keras(work)
    refused = evidence.kind == "TypeError" and "argument" in evidence.text
    if (
        inspect.isclass(work)
        and issubclass(work, keras.Layer)
        and not issubclass(work, keras.Model)
    ):
        own = evidence.kind == "ValueError" and evidence.origin.endswith("Layer.__init__")
        ours = bool(module)
        return work if ours and (own or (refused and not evidence.origin)) else None
    if inspect.isfunction(work) and module:
        called = refused and evidence.text.startswith(work.__name__)
        return work if called and work.__name__ != "Input" else None
    if isinstance(call.func, ast.Attribute) and refused:
        held = source.value_of(call.func.value)
        if isinstance(held, keras.Model) and call.func.attr in (
            "compile",
            "fit",
            "evaluate",
            "predict",
        ):
            unexpected = "unexpected keyword" in evidence.text
            return getattr(type(held), call.func.attr) if unexpected else None
    return None


def _given(call: ast.Call, names: list[str]) -> set[str]:
    return {*names[: len(call.args)], *[str(k.arg) for k in call.keywords]}


def _renamed(evidence: Evidence, call: ast.Call, unknown: Any, said: Any) -> str:
    """The call with other names for its unknown arguments, or without them."""
    source = evidence.source
    assert source is not None
    written = [source.text_of(each) for each in call.args]
    for each in call.keywords:
        name = each.arg
        if each in unknown[: len(said)]:
            name = said[unknown.index(each)]
            if name is None:
                continue
        value = source.text_of(each.value)
        written.append(f"{name}={value}" if name else f"**{value}")
    return f"{source.text_of(call.func)}({', '.join(written)})"


@error_rule("KL118", "missing-argument")
def missing_argument(rule: Rule, evidence: Evidence) -> Finding | None:
    """A layer made without a setting it needs, or called on nothing."""
    source = evidence.source
    call = source.node if source is not None else None
    if source is None or not isinstance(call, ast.Call) or evidence.kind != "TypeError":
        return None
    text = source.text_of(call)
    inside = text[: text.rindex(")")].rstrip().removesuffix(",")
    comma = "" if inside.endswith("(") else ", "
    kind = source.value_of(call.func)
    if "missing" not in evidence.text or "argument" not in evidence.text:
        return None
    if inspect.isclass(kind) and issubclass(kind, keras.Layer) and not evidence.origin:
        missing = [n for n in required(kind)[len(call.args) :] if n not in _given(call, [])]
        if not missing:
            return None
        values = {name: DEFAULTS.get(name) for name in missing}
        more = ", ".join(f"{name}={value!r}" for name, value in values.items())
        new = f"{inside}{comma}{more})"
        known = None not in values.values()
        fix = rewritten(evidence, f"give it, for example {more}", call, new) if known else None
        listed = " and ".join(missing)
        return rule.finding(
            f"{kind.__name__} cannot be made without {listed}.",
            cause=Cause(kind.__name__, f"{listed} is not given", place=source.place_of(call)),
            fixes=(fix,) if fix else (),
        )
    if evidence.failing is None or evidence.origin.split(":")[0] != "utils.traceback_utils":
        return None
    operation = evidence.failing.operation
    replay = Replay(source, evidence.sources[1:])
    given = [source.text_of(each) for each in call.args[:1]]
    names = given or replay.tensors_before(call)[:6]
    needed = _needed(operation)
    fixes: list[Fix | None] = []
    for name in names:
        arguments = ", ".join([name] * max(1, needed))
        new = f"{source.text_of(call.func)}({arguments})"
        fix = rewritten(evidence, f"call it on {arguments}", call, new)
        fixes += [fix] if fix is not None and not fixes else []
    what = type(operation).__name__
    message = (
        f"{what} is called on {needed} tensors, and here it gets {len(given) or 'none'}."
        if needed > 1
        else f"{what} is called on no tensor: the brackets after the layer are empty or name it "
        "wrongly."
    )
    return rule.finding(
        message,
        cause=Cause(str(operation.name), "the call lacks a tensor", place=source.place_of(call)),
        fixes=tuple(fixes),
    )


def _needed(operation: Any) -> int:
    """How many arguments a layer must be called on."""
    try:
        parameters = inspect.signature(operation.call).parameters.values()
    except (TypeError, ValueError):
        return 1
    return sum(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)


@error_rule("KL120", "impossible-setting")
def impossible_setting(rule: Rule, evidence: Evidence) -> Finding | None:
    """A layer made with a setting that it refuses: a name it does not know, no whole number."""
    source = evidence.source
    call, kind = _constructor(evidence)
    if source is None or call is None or kind is None or not evidence.origin:
        return None
    names = parameters_of(kind)
    written = list(zip(names, call.args, strict=False))
    written += [(str(k.arg), k.value) for k in call.keywords]
    replay = Replay(source, evidence.sources[1:])
    for name, node in written:
        value = replay.value(node)
        for other in [] if value is UNKNOWN else _others(value, name):
            text = _with(source.text_of(call), source.text_of(node), repr(other))
            fix = rewritten(evidence, f"write {name}={other!r}", call, text) if text else None
            if fix is not None:
                what = "no name that it knows" if isinstance(value, str) else "not possible"
                return rule.finding(
                    f"{kind.__name__} cannot be made with {name}={source.text_of(node)}: that is "
                    f"{what}.",
                    cause=Cause(name, f"{name} is {value!r}", place=source.place_of(node)),
                    fixes=(fix,),
                )
    return None


def _with(text: str, old: str, new: str) -> str | None:
    start = text.index("(")
    found = text.count(old, start)
    return text[:start] + text[start:].replace(old, new) if found == 1 else None


def _others(value: Any, name: str) -> list[Any]:
    """What may have been meant by a value."""
    if isinstance(value, str):
        words: list[str] = ["valid", "same", "causal", "channels_last", "channels_first"]
        words += ["sum", "mul", "concat", "ave", "int", "multi_hot", "one_hot", "nearest"]
        for module in (keras.activations, keras.initializers, keras.regularizers):
            words += [each for each in dir(module) if each[0].islower()]
        close = difflib.get_close_matches(value.lower(), words, n=3, cutoff=0.5)
        numbers = [int(value)] if value.isdigit() else []
        plain = {"activation": ["relu"], "padding": ["same"]}.get(name, [])
        return [value.lower(), *numbers, *close, *plain]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        whole = [int(abs(value)) or 1] if value else [1]
        return [value / 100, *whole] if name == "rate" else whole
    if isinstance(value, (list, tuple)) and value:
        return [value[0], tuple(int(v) for v in value if isinstance(v, (int, float)))]
    return []


@error_rule("KL121", "no-such-name")
def no_such_name(rule: Rule, evidence: Evidence) -> Finding | None:
    """``layers.Dens``: a name that Keras does not have."""
    source = evidence.source
    node = source.node if source is not None else None
    if source is None or not isinstance(node, ast.Attribute) or evidence.kind != "AttributeError":
        return None
    module = source.value_of(node.value)
    name = getattr(module, "__name__", "")
    if not inspect.ismodule(module) or name.split(".")[0] != "keras":
        return None
    instead = TWINS.get(node.attr) if name == "keras.ops" else None
    instead = instead or meant(node.attr, [each for each in dir(module) if each[0] != "_"])
    fixes = []
    if instead is not None and hasattr(module, instead):
        new = f"{source.text_of(node.value)}.{instead}"
        edit = source.replace(node, new)
        fixes.append(
            rewritten(evidence, f"write {instead}", node, new)
            or Fix(f"write {instead}", new, edits=(edit,))
        )
    hint = f"; it is called {instead}" if instead else ""
    return rule.finding(
        f"There is no {node.attr} in {name}{hint}.",
        cause=Cause(node.attr, f"{name} has no {node.attr}", place=source.place_of(node)),
        fixes=tuple(fixes),
    )
