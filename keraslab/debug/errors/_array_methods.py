"""Methods of arrays, asked of a symbolic tensor: what stands for them in a graph."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any

import keras

from keraslab.debug._evidence import Evidence, shape_text
from keraslab.debug._finding import Finding, Fix
from keraslab.debug._replay import Replay, only_tensor
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source
from keraslab.debug.errors._conditions import _said
from keraslab.debug.errors._foreign import TWINS, ops_path
from keraslab.debug.errors._rewriting import parameters_of, parsed, rewritten

_NOTHING = ("numpy", "cpu", "cuda", "eval", "contiguous", "clone", "to")
"""What has nothing to do in a graph: the tensor is written as it is."""
_TYPES = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "int": "int32",
    "long": "int64",
    "bool": "bool",
}
_NAMES = {"dim": "axis", "keepdim": "keepdims", "min": "x_min", "max": "x_max"}
_PAIRED = ("max", "min", "median", "sort")
"""In PyTorch these give a pair of values and places where an axis is named."""


def as_written(evidence: Evidence, node: ast.Attribute) -> Fix | None:
    """What stands for a method of an array, for the methods after it on the same line as well.

    Args:
        evidence: What the exception left.
        node: The method, as it is asked of a symbolic tensor.
    """
    source, replay = evidence.source, Replay.of(evidence)
    if source is None or replay is None:
        return None
    texts = [source.text_of(node.value)]
    outer, found = node, None
    while True:
        call = source.parent_of(outer)
        call = call if isinstance(call, ast.Call) and call.func is outer else None
        whole: ast.expr = call or outer
        more: list[str] = []
        for text in texts:
            held = only_tensor(replay.value(_parsed(text), (node.lineno, node.col_offset)))
            if held is not None:
                more += _written(source, outer.attr, call, held, text, replay)
        whole, texts = _without_pair(source, outer.attr, call, whole), more
        for text in texts:
            words = "write it for a tensor" if len(text) > 40 else f"write {text}"
            found = rewritten(evidence, words, whole, text) or found
            if found is not None:
                texts = [text]
                break
        after = source.parent_of(whole)
        if found is None or not isinstance(after, ast.Attribute) or _fits(source, after):
            return found
        outer, found = after, None


def _parsed(text: str) -> ast.expr:
    made = parsed(text)
    return made if made is not None else ast.Constant(None)


def _fits(source: Source, node: ast.Attribute) -> bool:
    """Whether a tensor has what is asked of the result; its methods with one argument."""
    call = source.parent_of(node)
    asked = call if isinstance(call, ast.Call) and call.func is node else None
    own = hasattr(keras.KerasTensor, node.attr)
    return own and (asked is None or len(asked.args) + len(asked.keywords) < 2)


def _without_pair(source: Source, method: str, call: ast.Call | None, whole: ast.expr) -> ast.expr:
    """PyTorch's ``x.max(1)[0]`` takes the values of a pair, where Keras gives them alone."""
    after = source.parent_of(whole)
    paired = method in _PAIRED and call is not None and (call.args or call.keywords)
    first = isinstance(after, ast.Subscript) and isinstance(after.slice, ast.Constant)
    if paired and first and after.slice.value == 0:  # type: ignore[union-attr]
        return after  # type: ignore[return-value]
    return whole


def _written(
    source: Source, method: str, call: ast.Call | None, tensor: Any, x: str, replay: Replay
) -> list[str]:
    """Ways to write it, the likeliest first; each is tried before it is offered."""
    args = [source.text_of(each) for each in call.args] if call is not None else []
    named = {str(k.arg): source.text_of(k.value) for k in call.keywords} if call is not None else {}

    def ops(name: str) -> str:
        return ops_path(source, f"ops.{name}")

    special: dict[str, Callable[[], list[str]]] = {
        "mT": lambda: [f"{ops('swapaxes')}({x}, -1, -2)"],
        "dim": lambda: [f"{x}.ndim"],
        "size": lambda: [f"{x}.shape[{args[0]}]" if args else f"{x}.shape"],
        "clamp": lambda: _clamped(ops, x, args, named),
        "detach": lambda: [f"{ops('stop_gradient')}({x})"],
        "squeeze": lambda: _squeezed(ops("squeeze"), x, args, named),
    }
    if call is None:
        return special["mT"]() if method == "mT" else []
    if method in special:
        return special[method]()
    if method in ("reshape", "view"):
        return _reshaped(source, call, tensor, x, replay)
    if method in ("permute", "transpose") and args:
        return _turned(source, ops, call, tensor, x)
    if method in _TYPES and not args:
        return [f'{ops("cast")}({x}, "{_TYPES[method]}")']
    if method in _NOTHING:
        kinds = [each.rpartition(".")[2] for each in [*args, *named.values()]]
        kind = next((k for k in kinds if method == "to" and k.startswith(("int", "float"))), None)
        return [x] if kind is None else [f'{ops("cast")}({x}, "{kind}")']
    twin = TWINS.get(method, method)
    work = getattr(keras.ops, twin, None)
    if not callable(work):
        return []
    names = parameters_of(work)
    renamed = {k if k in names else _NAMES.get(k, k): v for k, v in named.items()}
    given = [x, *args, *(f"{k}={v}" for k, v in renamed.items())]
    return [f"{ops(twin)}({', '.join(given)})"]


def _clamped(ops: Any, x: str, args: list[str], named: dict[str, str]) -> list[str]:
    least = args[0] if args else named.get("min")
    most = args[1] if len(args) > 1 else named.get("max")
    if least is None or most is None:
        bound, name = (least, "maximum") if most is None else (most, "minimum")
        return [f"{ops(name)}({x}, {bound})"] if bound is not None else []
    return [f"{ops('clip')}({x}, {least}, {most})"]


def _squeezed(squeeze: str, x: str, args: list[str], named: dict[str, str]) -> list[str]:
    axes = args or [v for k, v in named.items() if k in ("dim", "axis")]
    if not axes:
        return [f"{squeeze}({x})"]
    axis = axes[0] if len(axes) == 1 else f"({', '.join(axes)})"
    return [f"{squeeze}({x}, axis={axis})"]


def _turned(source: Source, ops: Any, call: ast.Call, tensor: Any, x: str) -> list[str]:
    axes = _each(call)
    texts = [source.text_of(each) for each in axes]
    if len(texts) == 2 and not isinstance(call.args[0], (ast.Tuple, ast.List)):
        return [f"{ops('swapaxes')}({x}, {', '.join(texts)})"]
    if len(texts) != len(tensor.shape):
        return []
    return [f"{ops('transpose')}({x}, ({', '.join(texts)}))"]


def _each(call: ast.Call) -> list[ast.expr]:
    """The sizes or axes of a call, given one by one or as one tuple."""
    given = call.args or [k.value for k in call.keywords if k.arg in ("shape", "newshape", "size")]
    one = given[0] if len(given) == 1 else None
    return list(one.elts) if isinstance(one, (ast.Tuple, ast.List)) else list(given)


def _reshaped(source: Source, call: ast.Call, tensor: Any, x: str, replay: Replay) -> list[str]:
    """A ``Reshape`` layer of the sizes without the batch, or else an operation with it."""
    nodes = _each(call)
    if not nodes or any(isinstance(each, ast.Starred) for each in nodes):
        return []
    texts = [source.text_of(each) for each in nodes]
    values = [replay.value(each) for each in nodes]
    layer = source.written("layers", "Reshape")

    def written(sizes: list[str]) -> str:
        return f"{layer}(({', '.join(sizes)}{',' if len(sizes) == 1 else ''}))({x})"

    ways: list[str] = []
    if len(texts) > 1 and _same_size(values[1:], tensor):
        ways.append(written(texts[1:]))
    elif _same_size(values, tensor):
        ways.append(written(texts))
    sizes = ["-1" if v is None else t for t, v in zip(texts, values, strict=True)]
    known = all(isinstance(v, int) or v is None for v in values)
    if known and sizes.count("-1") < 2:
        shape = f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
        ways.append(f"{ops_path(source, 'ops.reshape')}({x}, {shape})")
    return ways


def _same_size(sizes: list[Any], tensor: Any) -> bool:
    """Whether these are the sizes of one sample; one of them may be -1."""
    have = tensor.shape[1:]
    if not all(isinstance(each, int) for each in sizes) or None in have:
        return False
    wanted: int = math.prod(have)
    rest: int = math.prod(n for n in sizes if n != -1)
    return wanted == rest if -1 not in sizes else rest > 0 and wanted % rest == 0


@error_rule("KL125", "method-as-of-arrays")
def method_of_arrays(rule: Rule, evidence: Evidence) -> Finding | None:
    """``x.reshape(-1, 7, 7, 16)``: a symbolic tensor's own methods take one shape, one axis."""
    source = evidence.source
    node = source.node if source is not None else None
    if source is None or evidence.origin or evidence.kind != "TypeError":
        return None
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    method = node.func.attr
    if method not in ("reshape", "squeeze") or f"KerasTensor.{method}()" not in evidence.text:
        return None
    tensor = only_tensor(Replay(source).value(node.func.value))
    if tensor is None:
        return None
    name, what = source.text_of(node.func.value), "shape" if method == "reshape" else "axis"
    others = [str(k.arg) for k in node.keywords if k.arg not in ("newshape", "axis", None)]
    got = f"{len(node.args)} values" if len(node.args) > 1 else f"{' and '.join(others)}="
    if len(node.args) < 2 and not others:
        return None
    fix = as_written(evidence, node.func)
    return _said(
        rule,
        evidence,
        f"{name} is a symbolic tensor, {shape_text(tensor.shape)}, whose {method} takes one {what} "
        f"and not {got} as that of an array does.",
        f"{method} of a symbolic tensor takes one {what}",
        node,
        [fix],
    )
