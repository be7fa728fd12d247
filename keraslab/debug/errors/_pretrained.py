"""Models of ``keras.applications`` asked for in a shape or with classes that they do not have."""

from __future__ import annotations

import ast
from typing import Any

from keraslab.debug._evidence import Evidence, shape_text
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._mend import changed_lines
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source, last_name
from keraslab.debug._syntax import keyword_of
from keraslab.debug.errors._whole_arrays import bound

_DEEPEST = 8
_SHAPE = "applications.imagenet_utils:obtain_input_shape"


@error_rule(
    "KL514",
    "pretrained-of-other-shape",
    origins=(
        "applications.imagenet_utils:*",
        "applications.densenet:*",
        "applications.efficientnet:*",
        "applications.efficientnet_v2:*",
        "applications.inception_resnet_v2:*",
        "applications.inception_v3:*",
        "applications.mobilenet:*",
        "applications.mobilenet_v2:*",
        "applications.mobilenet_v3:*",
        "applications.nasnet:*",
        "applications.resnet:*",
        "applications.vgg16:*",
        "applications.vgg19:*",
        "applications.xception:*",
        "applications.convnext:*",
    ),
)
def pretrained_shape(rule: Rule, evidence: Evidence) -> Finding | None:
    """A pretrained model with an input shape or classes that its weights or layers do not take."""
    source, text = evidence.source, evidence.text
    call = source.node if source is not None else None
    if source is None or not isinstance(call, ast.Call):
        return None
    name = last_name(call.func)
    step = evidence.came_through(_SHAPE)
    values = dict(step.values) if step is not None else {}
    shape = values.get("input_shape")
    changes: list[tuple[str, dict[str, str]]] = []
    above: Fix | None = None
    if step is not None and isinstance(shape, tuple):
        first = values.get("data_format") == "channels_first"
        sizes, channels = (shape[1:], shape[:1]) if first else (shape[:-1], shape[-1:])
        least = values.get("min_size") or 32
        if len(shape) != 3:
            new = (*shape, 3)[:3] if len(shape) == 2 else (224, 224, 3)
            message = (
                f"{name} takes images of height × width × channels, and {shape} has not three "
                f"sizes."
            )
            changes = [(f"use {_by(new)} images", {"input_shape": repr(new)})]
        elif any(n is not None and n < least for n in sizes):
            new = (*(max(n or least, least) for n in sizes), *channels)
            message = (
                f"{name} halves its images so often that they need at least {least} × {least} "
                f"positions, and {_by(shape)} has fewer."
            )
            changes = [(f"use images of {_by(new)}", {"input_shape": repr(new)})]
            above = _where_sizes_are_set(source, call, shape, least)
        elif channels != (3,) and values.get("weights") == "imagenet":
            new = (*sizes, 3)
            message = (
                f"The ImageNet weights of {name} are for 3 channels, and {_by(shape)} has "
                f"{channels[0]}."
            )
            changes = [
                ("use images of 3 channels", {"input_shape": repr(new)}),
                ("start without pretrained weights", {"weights": "None"}),
            ]
        else:
            size = values.get("default_size") or 224
            message = (
                f"The last layers of {name} with ImageNet weights want {size} × {size} × 3, and "
                f"{_by(shape)} is given."
            )
            changes = [
                ("take the model without its last layers", {"include_top": "False"}),
                (f"use images of {size} × {size} × 3", {"input_shape": repr((size, size, 3))}),
            ]
    elif "classes" in text and "1000" in text:
        message = (
            f"The ImageNet weights of {name} are for 1000 classes: its last layer cannot "
            f"have others."
        )
        changes = [
            ("take the model without its last layer", {"include_top": "False", "classes": "1000"}),
            ("start without pretrained weights", {"weights": "None"}),
        ]
    else:
        return None
    return rule.finding(
        message,
        cause=Cause(name, f"{source.text_of(call)} does not fit", place=source.place_of(call)),
        fixes=(
            *([above] if above is not None else []),
            *(_changed(source, call, title, values) for title, values in changes),
        ),
    )


def _where_sizes_are_set(
    source: Source, call: ast.Call, shape: tuple[Any, ...], least: int
) -> Fix | None:
    """The number that too small sizes come from, through variables and parameters."""
    written = keyword_of(call, "input_shape")
    if not isinstance(written, (ast.Tuple, ast.List)) or len(written.elts) != len(shape):
        return None
    numbers: dict[int, ast.Constant] = {}
    names: dict[str, None] = {}
    for part, size in zip(written.elts, shape, strict=True):
        if size is None or size >= least or not isinstance(part, ast.Name):
            continue
        node: ast.expr | None = part
        for _ in range(_DEEPEST):
            node = bound(source, node) if isinstance(node, ast.Name) else node
        if not isinstance(node, ast.Constant) or node.value != size:
            return None
        numbers[id(node)] = node
        names[part.id] = None
    if not numbers:
        return None
    fix = Fix(
        f"let {' and '.join(names)} be {least}, and make the images as large",
        "",
        edits=tuple(source.replace(each, str(least)) for each in numbers.values()),
    )
    return Fix(fix.title, changed_lines(source.text, fix), edits=fix.edits)


def _by(shape: Any) -> str:
    return shape_text((None, *shape)).removeprefix("? × ")


def _changed(source: Source, call: ast.Call, title: str, values: dict[str, str]) -> Fix:
    """The call with other arguments; the model is not built to try it, which would take seconds."""
    edits: dict[tuple[int, int], Edit] = {}
    missing = []
    for key, value in values.items():
        stands = any(keyword.arg == key for keyword in call.keywords)
        first = key == "input_shape" and len(call.args) > 0
        if stands or first:
            edit = source.keyword(call, key, value, ("input_shape",) if first else ())
            edits[(edit.line, edit.column)] = edit
        else:
            missing.append(f"{key}={value}")
    if missing:
        name, _, value = ", ".join(missing).partition("=")
        edit = source.keyword(call, name, value)
        edits[(edit.line, edit.column)] = edit
    fix = Fix(title, "", None, None, tuple(edits.values()))
    return Fix(title, changed_lines(source.text, fix), None, None, fix.edits)
