"""How each kind of layer and operation widens what a value sees of the model's input."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

from keraslab.graph._axis import (
    WHOLE,
    union,
)
from keraslab.graph._contractions import Unknown
from keraslab.graph._field import (
    NOTHING,
    Field,
    Look,
    axes_of,
    merged,
    mixed,
    moved,
    together,
)
from keraslab.graph._known import ELEMENTWISE_OPERATIONS
from keraslab.graph._seeing_moves import (
    expanded,
    flattened,
    item,
    permuted,
    reduced,
    reshaped,
    squeezed,
    stacked,
    transpose,
)
from keraslab.graph._seeing_windows import (
    adaptive,
    cropped,
    enlarged,
    padded,
    pooled_whole,
    resized,
    transposed,
    window,
)

# -- values that stay at their place


def no_values(look: Look) -> Field:  # noqa: ARG001
    """Only the shape of the input is used."""
    return NOTHING


def activation(look: Look) -> Field:
    name = getattr(look.operation.activation, "__name__", "")
    if name in ("softmax", "log_softmax", "sparsemax", "glu"):
        return mixed(together(look), [len(look.inputs[0]) - 1])
    return together(look)


def over_axis(look: Look) -> Field:
    """Normalisation and softmax, each over the dimensions that ``axis`` names."""
    return mixed(together(look), axes_of(look.operation.axis, len(look.inputs[0])))


def over_places(look: Look) -> Field:
    return mixed(together(look), range(1, len(look.inputs[0])))


def dense(look: Look) -> Field:
    return mixed(together(look), [len(look.inputs[0]) - 1])


def lookup(look: Look) -> Field:
    same = len(look.inputs[0]) == len(look.outputs[0])  # the way back, of tied embeddings
    return dense(look) if same else merged(look.fields)


def concatenate(look: Look) -> Field:
    along = look.operation.axis % len(look.outputs[0])
    fields = [field for field in look.fields if field.axes]
    if not any(axis.dim == along for field in fields for axis in field.axes):
        return together(look)
    # Places follow on one another and are not mixed; those of the widest stand for all, and
    # behind the first part, they no longer lie where they lay in the input.
    axes = []
    for parts in zip(*[field.axes for field in fields], strict=True):
        if any(axis.dim == along for axis in parts):
            widest = max(parts, key=lambda axis: axis.size or math.inf)
            axes.append(widest._replace(dim=along, plain=False) if widest.lows else WHOLE)
        else:
            axes.append(functools.reduce(union, parts))
    extents = [
        merged([Field((WHOLE,), (e,)) for e in sizes]).extents[0]
        for sizes in zip(*[field.extents for field in fields], strict=True)
    ]
    return Field(tuple(axes), tuple(extents))


# -- values made of all others


def _product(look: Look) -> Field:
    """Matrix products: the last dimension of the first with the last but one of the second."""
    if len(look.fields) != 2 or len(look.inputs[0]) != len(look.inputs[1]):
        return dense(look)
    rank = len(look.inputs[0])
    first, second = look.fields
    return merged([mixed(first, [rank - 1]), mixed(second, [rank - 2])])


def _dot(look: Look) -> Field:
    rank = len(look.inputs[0])
    axes = look.operation.axes
    pair = (axes, axes) if isinstance(axes, int) else axes
    field = merged(
        mixed(field, [axis % rank]) for field, axis in zip(look.fields, pair, strict=True)
    )
    if field.axes and not field.all:
        raise Unknown
    return field


def _attended(look: Look) -> Field:
    """The query's places stay; of value and key, all places are seen."""
    rank = len(look.inputs[0])
    axes = getattr(look.operation, "attention_axes", None) or range(1, rank)
    fields = [mixed(look.fields[0], [rank - 1])]
    roles = [key if key in ("query", "value", "key") else None for key in look.keys]
    if roles[0] not in (None, "query"):
        raise Unknown
    # A layer that is given one tensor alone attends from it to itself.
    fields += [mixed(field, [*axes, rank - 1]) for field in look.fields]
    return merged(fields)


def _recurrent(look: Look) -> Field:
    return mixed(merged(look.fields[:1]), [1, len(look.inputs[0]) - 1])


def _time_distributed(look: Look) -> Field:
    from keraslab.graph._receptive_field import rule_inside

    field = look.fields[0]
    time = [axis.dim == 1 for axis in field.axes]
    hidden = tuple([a._replace(dim=None) if a.dim == 1 else a for a in field.axes])
    before = moved(field._replace(axes=hidden), {d: d - 1 for d in range(2, len(look.inputs[0]))})
    inner = look.with_operation(look.operation.layer)._replace(
        fields=[before],
        inputs=[(shape[0], *shape[2:]) for shape in look.inputs],
        outputs=[(shape[0], *shape[2:]) for shape in look.outputs],
    )
    after = rule_inside(look.operation.layer)(inner)
    after = moved(after, {d: d + 1 for d in range(1, len(look.outputs[0]))})
    axes = [a._replace(dim=1) if t else a for a, t in zip(after.axes, time, strict=True)]
    return after._replace(axes=tuple(axes))


def _wrapped(look: Look) -> Field:
    from keraslab.graph._receptive_field import rule_inside

    return rule_inside(look.operation.layer)(look.with_operation(look.operation.layer))


_SIZES = ("1D", "2D", "3D")


def _for_sizes(rule: Callable[[Look], Field], *names: str) -> dict[str, Callable[[Look], Field]]:
    return {name + size: rule for name in names for size in _SIZES}


LAYERS: dict[str, Callable[[Look], Field]] = {
    "BaseConv": window,
    "BaseDepthwiseConv": window,
    "BaseSeparableConv": window,
    "BaseConvTranspose": transposed,
    **_for_sizes(window, "MaxPooling", "AveragePooling"),
    **_for_sizes(pooled_whole, "GlobalMaxPooling", "GlobalAveragePooling"),
    **_for_sizes(adaptive, "AdaptiveMaxPooling", "AdaptiveAveragePooling"),
    **_for_sizes(enlarged, "UpSampling"),
    **_for_sizes(padded, "ZeroPadding"),
    **_for_sizes(cropped, "Cropping"),
    **_for_sizes(together, "SpatialDropout"),
    **dict.fromkeys(
        (
            "ActivityRegularization", "Add", "AlphaDropout", "Average", "BatchNormalization",
            "CustomScaleLayer", "Dropout", "ELU", "GaussianDropout", "GaussianNoise", "Identity",
            "LayerScale", "LeakyReLU", "Masking", "Maximum", "Minimum", "Multiply",
            "Normalization", "PReLU",
            "ReLU", "Rescaling", "StochasticDepth", "Subtract",
            # They change images in training only.
            "RandomBrightness", "RandomContrast", "RandomFlip", "RandomGrayscale", "RandomHue",
            "RandomInvert", "RandomPosterization", "RandomRotation", "RandomSaturation",
            "RandomTranslation", "RandomZoom",
        ),
        together,
    ),
    "Activation": activation,
    "Softmax": over_axis,
    "LayerNormalization": over_axis,
    "RMSNormalization": over_axis,
    "UnitNormalization": over_axis,
    "GroupNormalization": over_places,
    "Dense": dense,
    "Embedding": lookup,
    "ReversibleEmbedding": lookup,
    "Concatenate": concatenate,
    "Flatten": flattened,
    "Permute": permuted,
    "Reshape": reshaped,
    "Resizing": resized,
    "Dot": _dot,
    "MultiHeadAttention": _attended,
    "GroupedQueryAttention": _attended,
    "Attention": _attended,
    "AdditiveAttention": _attended,
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "SimpleRNN": _recurrent,
    "RNN": _recurrent,
    "Bidirectional": _recurrent,
    "TimeDistributed": _time_distributed,
    "SpectralNormalization": _wrapped,
}  # fmt: skip

OPERATIONS: dict[str, Callable[[Look], Field]] = {
    **dict.fromkeys(ELEMENTWISE_OPERATIONS, together),
    **dict.fromkeys(("OnesLike", "ZerosLike", "FullLike", "EmptyLike"), no_values),
    **dict.fromkeys(
        ("All", "Amax", "Amin", "Any", "Logsumexp", "Max", "Mean", "Min", "Prod", "Std", "Sum",
         "Var"),
        reduced,
    ),
    "Softmax": over_axis,
    "LogSoftmax": over_axis,
    "Cumsum": over_axis,
    "Cumprod": over_axis,
    "Concatenate": concatenate,
    "Reshape": reshaped,
    "Transpose": transpose,
    "ExpandDims": expanded,
    "Squeeze": squeezed,
    "Stack": stacked,
    "GetItem": item,
    "Matmul": _product,
    "Resize": resized,
}  # fmt: skip
