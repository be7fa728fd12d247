"""With data: are inputs and targets of a size that can be learned from?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._misfit import Array
from keraslab.debug._other_data import as_array_code, changed_data
from keraslab.debug._pairing import Slot, is_integer_valued, is_numeric, part_of
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug._tried import with_code
from keraslab.debug.checks._data import said_input
from keraslab.debug.checks._labels import said_target
from keraslab.graph import Call

_PASSING = frozenset(
    {
        *("Reshape", "Flatten", "Permute", "GetItem", "Cast", "Identity", "ExpandDims", "Squeeze"),
        *("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "Cropping2D", "Resizing"),
        *("CenterCrop", "RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation"),
        *("RandomCrop", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise"),
        *("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D", "Concatenate"),
        *("GlobalAveragePooling1D", "GlobalAveragePooling2D", "UpSampling2D", "Masking"),
    }
)
"""Layers behind which the values are as large as before."""
_MIXING = frozenset(
    {
        *("Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D", "SeparableConv1D"),
        *("SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D", "Conv2DTranspose"),
        *("LSTM", "GRU", "SimpleRNN", "ConvLSTM2D"),
    }
)
_NORMS = frozenset(
    {"BatchNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization"}
)
_LARGE = 1000.0
_APART = 1000.0
_PIXELS = 64
"""From so many values a sample is taken for a picture, where they are 0 to 255."""
_ABSOLUTE = frozenset({"mean_squared_error", "mean_absolute_error", "huber", "log_cosh"})


def _first_mixing(subject: Subject, call_id: str) -> Call | None:
    """The first layer with weights that sees an input as large as it is; None for none."""
    waiting, seen = [call_id], set()
    while waiting:
        for call in subject.calls_after(waiting.pop()):
            if call.id in seen:
                continue
            seen.add(call.id)
            if call.type in _PASSING:
                waiting.append(call.id)
            elif call.type in _MIXING:
                after = {each.type for each in subject.calls_after(call.id)}
                plain = call.config.get("activation") in (None, "linear")
                if not (plain and after and after <= _NORMS):
                    return call
    return None


def _scaled(subject: Subject) -> Iterator[tuple[Slot, Array, str, Call]]:
    """Inputs that reach a layer with weights as they are."""
    for slot in subject.data.x.slots if subject.data is not None else ():
        array = slot.array
        if array is None or not is_numeric(array) or array.dtype == bool or array.ndim < 2:
            continue
        part = part_of(array)
        if not part.size or not np.isfinite(part).all() or np.abs(part).max() <= 20:
            continue
        call = _first_mixing(subject, slot.call)
        if call is not None:
            yield slot, part, said_input(subject, slot), call


def _spread(part: Array) -> float:
    """How many times the widest column is wider than the narrowest; 1 where unknown."""
    if part.ndim != 2 or len(part) < 8:
        return 1.0
    widths = part.astype("float64").std(0)
    widths = widths[widths > 0]
    return float(widths.max() / widths.min()) if len(widths) > 1 else 1.0


def _is_pixels(part: Array) -> bool:
    return (
        part[0].size >= _PIXELS
        and float(part.min()) >= 0
        and 50 < float(part.max()) <= 255
        and (part.ndim >= 4 or is_integer_valued(part))
    )


@silent_rule("KL778", "inputs-not-scaled", "warning")
def inputs_not_scaled(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Pixels from 0 to 255, or numbers in thousands, into a layer with fresh weights."""
    for slot, part, said, call in _scaled(subject):
        pixels = _is_pixels(part)
        if not pixels and (np.abs(part).max() < _LARGE or _spread(part) > _APART):
            continue
        fixes = _normalized(rule, subject, said, slot)
        if pixels:
            fixes = (
                *with_code(
                    subject,
                    Fix("scale inside the model", "layers.Rescaling(1 / 255)", slot.spec.text, 0),
                    {"x": slot.spec},
                    at=subject.graph.call_by_id[slot.call],
                    run="x = layers.Rescaling(1 / 255)(x)",
                ),
                *changed_data(rule, subject, Fix("scale the data", f"{said} = {said} / 255")),
            )
        yield rule.finding(
            f"{said} goes from {part.min():g} to {part.max():g}, and {call.name!r} gets it "
            "unscaled: its weights start for values around 1.",
            calls=(slot.call, call.id),
            cause=Cause(slot.name, f"nothing between {slot.name!r} and {call.name!r} scales"),
            fixes=fixes,
            graph=subject.graph,
        )


def _normalized(rule: Rule, subject: Subject, said: str, slot: Slot) -> tuple[Fix, ...]:
    """A layer that learns the scale of the columns; what it gives is what comes in then."""
    data = as_array_code(subject, said)
    lines = f"normalize = layers.Normalization()\nnormalize.adapt({data})\n"
    code = f"{lines}h = normalize({slot.name})  # then the layers that took {slot.name}"
    fix = Fix("normalize inside the model", code, slot.spec.text)
    run = f"{lines}{said} = normalize({data})"
    return changed_data(rule, subject, fix, run=run)


@silent_rule("KL779", "features-far-apart", "warning")
def features_far_apart(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Columns of which one is thousands of times as wide as another."""
    for slot, part, said, call in _scaled(subject):
        if _spread(part) <= _APART or _is_pixels(part) or np.abs(part).max() < 100:
            continue
        widths = part.astype("float64").std(0)
        some = np.where(widths > 0, widths, np.inf)
        wide, narrow = int(widths.argmax()), int(some.argmin())
        yield rule.finding(
            f"Column {wide} of {said} varies by {widths[wide]:,.3g} and column {narrow} by "
            f"{widths[narrow]:.3g}: {call.name!r} sees only the first.",
            calls=(slot.call, call.id),
            cause=Cause(slot.name, f"nothing between {slot.name!r} and {call.name!r} scales"),
            fixes=_normalized(rule, subject, said, slot),
            graph=subject.graph,
        )


@silent_rule("KL777", "targets-too-large", "warning")
def targets_too_large(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Targets in thousands, which a fresh output, around 0, takes very long to reach."""
    for head in subject.heads:
        target: Any = subject.data.target(head) if subject.data is not None else None
        if target is None or head.loss is None or head.loss.name not in _ABSOLUTE:
            continue
        if head.activation != "linear" or not is_numeric(target) or not target.size:
            continue
        if subject.graph.call_by_id[head.activated].type not in _MIXING:
            continue
        part = part_of(target).astype("float64")
        if not np.isfinite(part).all() or max(abs(part.mean()), part.std()) < _LARGE:
            continue
        said = said_target(subject, head)
        code = f"mean, spread = {said}.mean(), {said}.std()\n{said} = ({said} - mean) / spread"
        fix = Fix("learn scaled targets (and scale predictions back)", code)
        yield rule.finding(
            f"{said} is around {part.mean():,.4g} (± {part.std():,.3g}), and {head.layer!r} starts "
            "with values around 0: it will take very long to get there.",
            calls=(head.call,),
            cause=Cause(head.name, f"{said} is not scaled", head.call),
            fixes=changed_data(rule, subject, fix),
            graph=subject.graph,
        )
