"""How windows, enlarging and padding change what a value sees."""

from __future__ import annotations

from typing import Any

from keraslab.graph._axis import (
    WHOLE,
    Axis,
    slide,
    spread,
    start_of,
    taken_by_resizing,
    taken_by_transposed,
)
from keraslab.graph._contractions import Unknown, known
from keraslab.graph._declared import declared_cost
from keraslab.graph._field import (
    Field,
    Look,
    along_each,
    dims_of,
    merged,
    mixed,
    together,
)

# -- windows


def window(look: Look) -> Field:
    layer, dims = look.operation, dims_of(look)
    windows = layer.kernel_size if hasattr(layer, "kernel_size") else layer.pool_size
    dilations = getattr(layer, "dilation_rate", None) or (1,) * len(dims)

    def change(axis: Axis, k: int) -> Axis:
        window, stride, dilation = windows[k], layer.strides[k], dilations[k]
        size = look.inputs[0][dims[k]]
        start = start_of(layer.padding, size, window, stride, dilation)
        return slide(axis, window, stride, dilation, start)

    return along_each(look, dims, change)


def transposed(look: Look) -> Field:
    layer, dims = look.operation, dims_of(look)

    def change(axis: Axis, k: int) -> Axis:
        window, stride, dilation = layer.kernel_size[k], layer.strides[k], layer.dilation_rate[k]
        reach = (window - 1) * dilation + 1
        crop = max(reach - stride, 0) // 2 if layer.padding == "same" else 0
        return spread(axis, stride, taken_by_transposed(window, stride, dilation, crop))

    return along_each(look, dims, change)


def enlarged(look: Look) -> Field:
    layer, dims = look.operation, dims_of(look)
    factors = (layer.size,) if isinstance(layer.size, int) else tuple(layer.size)
    how = getattr(layer, "interpolation", "nearest")
    return along_each(
        look, dims, lambda axis, k: spread(axis, factors[k], taken_by_resizing(factors[k], how))
    )


def resized(look: Look) -> Field:
    layer, dims = look.operation, dims_of(look)
    if getattr(layer, "antialias", False) or getattr(layer, "crop_to_aspect_ratio", False):
        raise Unknown
    how = layer.interpolation

    def change(axis: Axis, k: int) -> Axis:
        before, after = known(look.inputs[0][dims[k]]), known(look.outputs[0][dims[k]])
        factor, rest = divmod(after, before)
        if rest or getattr(layer, "pad_to_aspect_ratio", False):
            raise Unknown
        return spread(axis, factor, taken_by_resizing(factor, how))

    return along_each(look, dims, change)


def adaptive(look: Look) -> Field:
    dims = dims_of(look)

    def change(axis: Axis, k: int) -> Axis:
        before, after = known(look.inputs[0][dims[k]]), known(look.outputs[0][dims[k]])
        if before % after:
            raise Unknown
        return WHOLE if after == 1 else slide(axis, before // after, before // after)

    return along_each(look, dims, change)


def padded(look: Look) -> Field:
    return _shifted(look, look.operation.padding, -1)


def cropped(look: Look) -> Field:
    return _shifted(look, look.operation.cropping, 1)


def _shifted(look: Look, sides: Any, sign: int) -> Field:
    sides = sides if isinstance(sides[0], (list, tuple)) else (sides,)
    return along_each(look, dims_of(look), lambda axis, k: slide(axis, 1, start=sign * sides[k][0]))


def pooled_whole(look: Look) -> Field:
    return mixed(merged(look.fields), dims_of(look))


def declared(look: Look) -> Field:
    """As the author of the layer declared it."""
    one = [tuple([(1, *shape[1:]) for shape in shapes]) for shapes in (look.inputs, look.outputs)]
    cost = declared_cost(look.operation, *one)
    if cost is None or cost.window is None:
        raise Unknown
    numbers = [cost.window, cost.stride]
    field = together(look)
    axes = []
    for k, axis in enumerate(field.axes):
        window, stride = (n if isinstance(n, int) else n[k] for n in numbers)
        size, out = (None if axis.dim is None else s[0][axis.dim] for s in (one[0], one[1]))
        same = size is None or out is None or out == -(-size // stride)
        start = start_of("same" if same else "valid", size, window, stride, 1)
        axes.append(slide(axis, window, stride, start=start))
    return field._replace(axes=tuple(axes))
