"""Layers that were made with the wrong things: a tensor, an unknown or a missing setting."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import keras

from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Cause, Finding
from keraslab.debug._mend import Mender
from keraslab.debug._replay import Replay
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug.errors._misplaced import misplaced, origin_of
from keraslab.debug.errors._rewriting import rewritten
from keraslab.debug.errors._values import (
    _after,
    required,
    settings_for,
    takes_tensor,
    tensor_like,
)


@error_rule("KL102", "tensor-in-constructor")
def tensor_in_constructor(rule: Rule, evidence: Evidence) -> Finding | None:
    """``Flatten(x)`` for ``Flatten()(x)``."""
    source = evidence.source
    if source is None:
        return None
    call, kind = _constructor(evidence)
    later = None
    if kind is None:
        wrong = [e for e in misplaced(evidence) if isinstance(e.value, keras.Layer)]
        wrong = [e for e in wrong if takes_tensor(evidence, e)]
        if not wrong:
            return None
        made, _ = origin_of(evidence, wrong[0])
        assert isinstance(made, ast.Call)
        call, kind, later = made, type(wrong[0].value), wrong
    replay = Replay(source, evidence.sources[1:])
    if call is None or not any(tensor_like(replay, each) for each in _values(call)):
        return None
    tensors = [each for each in _values(call) if tensor_like(replay, each)]
    given = " and ".join(source.text_of(each) for each in tensors)
    name = kind.__name__
    mender = Mender(evidence)
    then = None
    if later is not None:
        then = lambda value: _after(mender, later, {id(each.value): value for each in later})  # noqa: E731
    texts = [t for t in (_outside(evidence, call, kind, tensors),) if t is not None]
    fixes = [
        rewritten(evidence, f"make the {name} layer first, then call it", call, text, then, mender)
        for text in texts
    ]
    return rule.finding(
        f"{given} was given to {name}(...) as a setting; a layer is first made, with its settings, "
        "and then called on the tensor.",
        cause=Cause(
            name=evidence.name_of(later[0].value) or name if later else name,
            sentence=f"{given} stands inside the brackets that make the {name} layer",
            place=source.place_of(call),
        ),
        tensors=evidence.named(
            tuple(
                value
                for each in tensors
                if isinstance(value := source.value_of(each), keras.KerasTensor)
            )
        ),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _constructor(evidence: Evidence) -> tuple[ast.Call | None, Any]:
    """The call that makes a layer, where that is what failed."""
    source = evidence.source
    node = source.node if source is not None else None
    if source is None or not isinstance(node, ast.Call) or evidence.failing is not None:
        return None, None
    kind = source.value_of(node.func)
    if not inspect.isclass(kind) or not issubclass(kind, keras.Layer):
        return None, None
    return (None, None) if issubclass(kind, keras.Model) else (node, kind)


def _values(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *[each.value for each in call.keywords]]


def _outside(evidence: Evidence, call: ast.Call, kind: Any, tensors: list[ast.expr]) -> str | None:
    """The call with its tensors outside of the brackets that make the layer."""
    source = evidence.source
    assert source is not None
    inner = tensors[0]
    wraps = issubclass(kind, (keras.layers.Wrapper, keras.layers.Bidirectional))
    if wraps and call.args and inner is call.args[0]:
        if not isinstance(inner, ast.Call):
            return None
        arguments = source.text_of(inner)[len(source.text_of(inner.func)) :]
        rest = [source.text_of(each) for each in call.args[1:]]
        rest += [f"{k.arg}={source.text_of(k.value)}" for k in call.keywords]
        made = ", ".join([source.text_of(inner.func), *rest])
        return f"{source.text_of(call.func)}({made}){arguments}"
    kept = [source.text_of(each) for each in call.args if each not in tensors]
    named = [k for k in call.keywords if k.value not in tensors]
    value = source.value_of(inner)
    tensor = value if isinstance(value, keras.KerasTensor) else None
    needed = required(kind)[len(kept) :]
    filled, _ = settings_for(kind, tensor, [*required(kind)[: len(kept)], *[k.arg for k in named]])
    if needed and filled is None:
        return None
    settings = [*kept, *([filled] if filled else [])]
    settings += [f"{k.arg}={source.text_of(k.value)}" for k in named]
    merges = hasattr(kind, "_merge_function") or kind.__name__ in ("Concatenate", "Dot")
    texts = [source.text_of(each) for each in tensors]
    outside = f"[{', '.join(texts)}]" if merges and len(texts) > 1 else ", ".join(texts)
    return f"{source.text_of(call.func)}({', '.join(settings)})({outside})"
