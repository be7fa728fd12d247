"""Arguments, dtypes and names of inputs."""

from __future__ import annotations

import ast
import difflib
import inspect

import keras

from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._replay import Replay
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import UNKNOWN, Source
from keraslab.debug.errors._inputs import _MADE, _input_call
from keraslab.debug.errors._misplaced import argument
from keraslab.debug.errors._rewriting import rewritten
from keraslab.debug.errors._slashes import in_each_name, without_slashes

_KEYWORDS = {
    "input_shape": "shape",
    "size": "shape",
    "shapes": "shape",
    "dim": "shape",
    "dims": "shape",
    "batch_input_shape": "batch_shape",
    "batchsize": "batch_size",
    "type": "dtype",
    "data_type": "dtype",
    "input_dim": "shape",
    "input_size": "shape",
    "units": "shape",
}


@error_rule("KL308", "arguments-of-input")
def arguments_of_input(rule: Rule, evidence: Evidence) -> Finding | None:
    """``keras.Input`` without a shape, with two, or with an argument it does not have."""
    found = _input_call(evidence)
    if found is None or evidence.origin not in ("", _MADE):
        return None
    source, call = found
    names = list(inspect.signature(keras.Input).parameters)
    given = {str(k.arg): k for k in call.keywords}
    unknown = [name for name in given if name not in names]
    func = source.text_of(call.func)

    def write(keywords: dict[str, str]) -> str:
        held = [source.text_of(each) for each in call.args]
        return f"{func}({', '.join([*held, *[f'{k}={v}' for k, v in keywords.items()]])})"

    texts = {name: source.text_of(k.value) for name, k in given.items()}
    if unknown:
        name = unknown[0]
        close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
        new = _KEYWORDS.get(name) or (close[0] if close else None)
        value = texts.pop(name)
        if new == "shape" and isinstance(source.value_of(given[name].value), int):
            value = f"({value},)"
        keep = texts if new is None or new in texts else {new: value, **texts}
        message = f"keras.Input has no argument {name}" + (f": it is called {new}." if new else ".")
        fixes = [
            rewritten(evidence, f"write {new}" if new else f"leave {name} out", call, write(keep))
        ]
    elif "batch_shape" in given and (call.args or "shape" in given or "batch_size" in given):
        texts.pop("batch_shape" if (call.args or "shape" in given) else "batch_size")
        message = "The shape is given twice: batch_shape holds the batch and the shape of a sample."
        fixes = [rewritten(evidence, "give one of them", call, write(texts))]
    elif not call.args and not {"shape", "batch_shape"} & set(given):
        message = "keras.Input needs a shape, that of one sample, such as (10,) or (28, 28, 1)."
        fixes = [
            rewritten(evidence, "for example ten numbers", call, write({"shape": "(10,)", **texts}))
        ]
    else:
        return None
    return rule.finding(
        message,
        cause=Cause(
            unknown[0] if unknown else "shape", message.rstrip("."), place=source.place_of(call)
        ),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


_DTYPES = (
    "float16",
    "float32",
    "float64",
    "bfloat16",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "bool",
    "string",
)


_CALLED_SO = {
    "float": "float32",
    "double": "float64",
    "int": "int32",
    "long": "int64",
    "str": "string",
    "text": "string",
    "half": "float16",
    "boolean": "bool",
    "object": "string",
    "category": "int32",
    "single": "float32",
}


@error_rule(
    "KL305",
    "no-such-dtype",
    origins=(
        "backend.common.variables:standardize_dtype",
        "dtype_policies:*",
        "dtype_policies.dtype_policy:*",
    ),
)
def no_such_dtype(rule: Rule, evidence: Evidence) -> Finding | None:
    """``dtype="float"``: a dtype that Keras does not have."""
    source = evidence.source
    call = source.node if source is not None else None
    if source is None or not isinstance(call, ast.Call):
        return None
    replay = Replay(source, evidence.sources[1:])
    written = [k.value for k in call.keywords if k.arg == "dtype"] or call.args[1:]
    for node in written:
        value = replay.value(node)
        if not isinstance(value, str) or value in _DTYPES:
            continue
        close = difflib.get_close_matches(value.lower(), _DTYPES, n=1, cutoff=0.5)
        new = _CALLED_SO.get(value.lower()) or (close[0] if close else "float32")
        text = _within(source, call, node, f'"{new}"')
        return rule.finding(
            f"There is no dtype {value!r}; it is called {new!r}.",
            cause=Cause("dtype", f"{value!r} is no dtype", place=source.place_of(call)),
            fixes=tuple(f for f in [rewritten(evidence, f"write {new!r}", call, text)] if f),
        )
    return None


def _within(source: Source, call: ast.Call, node: ast.expr, new: str) -> str:
    """The text of a call with another text for one of its arguments."""
    outer, inner = source.replace(call, ""), source.replace(node, "")
    lines = source.text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    first, last = starts[outer.line] + outer.column, starts[outer.end_line] + outer.end_column
    a, b = starts[inner.line] + inner.column, starts[inner.end_line] + inner.end_column
    return source.text[first:a] + new + source.text[b:last]


@error_rule("KL309", "name-not-allowed", origins=("ops.operation:Operation.__init__",))
def name_not_allowed(rule: Rule, evidence: Evidence) -> Finding | None:
    """A name with a slash, or that is no text."""
    source = evidence.source
    call = source.node if source is not None else None
    if source is None or not isinstance(call, ast.Call):
        return None
    node = argument(call, 99, "name")
    value = Replay(source, evidence.sources[1:]).value(node) if node is not None else UNKNOWN
    if node is None or "name" not in evidence.text:
        return None
    text, replay = source.text_of(node), Replay(source, evidence.sources[1:])
    step = evidence.came_through("ops.operation:Operation.__init__")
    given = step.values.get("name") if step is not None else None
    if isinstance(node, ast.Constant) and not isinstance(value, str):
        new = repr(f"layer_{value}")
        fix = Fix(
            f"write {new}",
            _within(source, call, node, new),
            edits=(source.replace(node, new),),
        )
    else:
        fix = without_slashes(replay, node) or in_each_name(source, node)
    known = isinstance(given, (str, int, float)) and not isinstance(node, ast.Constant)
    held = f", here {given!r}," if known else ""
    return rule.finding(
        f"{text}{held} cannot be a name: a name is a piece of text without slashes, for the slash "
        "separates the names of layers inside models.",
        cause=Cause("name", f"name={text}", place=source.place_of(call)),
        fixes=(fix,),
    )
